import { expect } from "chai";
import { portClashes } from "./port-clashes.ts";

describe("ports of one program", () => {
  it("must differ, unless each is any free one", () => {
    expect(
      portClashes([
        ["--port", 1],
        ["--admin-port", 0],
        ["--tls-port", 0],
      ]),
    ).to.deep.equal([]);
    expect(
      portClashes([
        ["--port", 1],
        ["--admin-port", 2],
        ["--tls-port", 1],
      ]),
    ).to.deep.equal(["--port and --tls-port: must differ, got 1 for both"]);
  });
});
