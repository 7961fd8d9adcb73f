import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { edgeAddresses, isAddress } from "./address.ts";

describe("isAddress", () => {
  for (const good of ["127.0.0.1:50051", "localhost:1", "edge-1:50051", "[::1]:50051", "a.example:65535"]) {
    it(`takes ${good}`, () => {
      expect(isAddress(good)).to.equal(true);
    });
  }
  for (const bad of [
    "",
    "localhost",
    "a:0",
    "a:65536",
    ":1",
    "::1:5",
    "unix:/x",
    "dns:///a:1",
    "a:1/x",
    "a b:1",
    "999.1.1.1:1",
  ]) {
    it(`refuses "${bad}"`, () => {
      expect(isAddress(bad)).to.equal(false);
    });
  }
});

describe("edgeAddresses", () => {
  it("is the first edge of the one-command system when nothing is named", () => {
    expect(edgeAddresses(undefined, undefined)).to.deep.equal(["127.0.0.1:50051"]);
    expect(edgeAddresses(undefined, "")).to.deep.equal(["127.0.0.1:50051"]);
  });

  it("keeps the order of repeated and comma-separated flags, each address once, and prefers them to the environment", () => {
    expect(edgeAddresses(["b:2,a:1", "b:2", "c:3"], "d:4")).to.deep.equal(["b:2", "a:1", "c:3"]);
  });

  it("takes several from the environment", () => {
    expect(edgeAddresses(undefined, "a:1, b:2")).to.deep.equal(["a:1", "b:2"]);
  });

  it("names the flag or the variable that holds a bad address", () => {
    expect(() => edgeAddresses(["a:1,b"], undefined)).to.throw(Failure, /^--edge: must be host:port.*: "b"$/);
    expect(() => edgeAddresses(undefined, "b")).to.throw(
      Failure,
      /^EDGECACHE_EDGE: must be host:port.*: "b"$/,
    );
  });
});
