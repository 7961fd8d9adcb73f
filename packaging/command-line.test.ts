import { expect } from "chai";
import { commandLine } from "./command-line.ts";

describe("the command line of settings", () => {
  it("has each setting as its flag, with a value that may begin with dashes", () => {
    expect(commandLine({ grpcPort: 0, id: "--a", ttl: "5s" })).to.deep.equal([
      "--grpc-port=0",
      "--id=--a",
      "--ttl=5s",
    ]);
  });

  it("has a list as one flag, and a flag without value when it is true", () => {
    expect(commandLine({ edges: ["a:1", "b:2"], hedge: true })).to.deep.equal(["--edges=a:1,b:2", "--hedge"]);
  });

  it("leaves out what is off or not given", () => {
    expect(commandLine({ hedge: false, redis: undefined })).to.deep.equal([]);
  });
});
