import { expect } from "chai";
import { addressHint, isEveryAddress, isLoopback, parseAddress } from "./address.ts";

describe("parseAddress", () => {
  it("reads names, IPv4, and IPv6 in brackets", () => {
    expect(parseAddress("Edge-1:50051")).to.deep.equal({ host: "edge-1", port: 50051 });
    expect(parseAddress("127.0.0.1:1")).to.deep.equal({ host: "127.0.0.1", port: 1 });
    expect(parseAddress("[::1]:65535")).to.deep.equal({ host: "::1", port: 65535 });
  });

  for (const wrong of [
    "",
    "edge-1",
    "edge-1:",
    ":50051",
    "a:0",
    "a:65536",
    "::1:50051",
    "[edge]:1",
    "a b:1",
    "a:1/x",
    "http://a:1",
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(parseAddress(wrong)).to.equal(undefined);
    });
  }
});

describe("the hint to an address", () => {
  it("is what is left of a URL", () => {
    expect(addressHint("http://a:1")).to.equal("did you mean a:1?");
    expect(addressHint("HTTPS://[::1]:1/")).to.equal("did you mean [::1]:1?");
  });

  it("is not there for what cannot be guessed", () => {
    for (const text of ["http://a", "http://u@a:1", "http://a:1/x", "a"])
      expect(addressHint(text), text).to.equal(undefined);
  });
});

describe("an address to listen on", () => {
  const given = [
    "0.0.0.0",
    "::",
    "0:0:0:0:0:0:0:0",
    "::1",
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "10.0.0.1",
  ];

  it("may be every address of the machine", () => {
    expect(given.filter(isEveryAddress)).to.deep.equal(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]);
  });

  it("may be one that only this machine reaches", () => {
    expect(given.filter(isLoopback)).to.deep.equal(["::1", "127.0.0.1", "127.9.9.9", "localhost"]);
  });
});
