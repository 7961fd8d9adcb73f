import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { edgeAddresses } from "./fleet.ts";

describe("edgeAddresses", () => {
  it("are the edges of the one-command system when nothing is named", () => {
    const edges = ["127.0.0.1:50051", "127.0.0.1:50052", "127.0.0.1:50053"];
    expect(edgeAddresses(undefined, undefined)).to.deep.equal(edges);
    expect(edgeAddresses(undefined, "")).to.deep.equal(edges);
  });

  it("keeps the order of repeated and comma-separated flags, each address once, and prefers them to the environment", () => {
    expect(edgeAddresses(["b:2,a:1", "b:2", "c:3"], "d:4")).to.deep.equal(["b:2", "a:1", "c:3"]);
  });

  it("takes several from the environment", () => {
    expect(edgeAddresses(undefined, "a:1, b:2")).to.deep.equal(["a:1", "b:2"]);
  });

  it("names the flag or the variable that holds a bad address", () => {
    expect(() => edgeAddresses(["a:1,b"], undefined)).to.throw(
      Failure,
      /^--edge: must be host:port.*, got "b"$/,
    );
    expect(() => edgeAddresses(undefined, "b")).to.throw(
      Failure,
      /^EDGECACHE_EDGE: must be host:port.*, got "b"$/,
    );
    expect(() => edgeAddresses(["http://b:2"], undefined)).to.throw(Failure, /; did you mean b:2\?$/);
  });
});
