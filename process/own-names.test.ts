import { expect } from "chai";
import { isOwnName } from "./own-names.ts";

describe("isOwnName", () => {
  const names = new Set(["edge-1.internal"]);

  it("takes loopback names, addresses and its own names, with any port", () => {
    for (const host of [
      "localhost",
      "LocalHost:9081",
      "a.localhost",
      "127.0.0.1:9081",
      "10.1.2.3",
      "[::1]:9081",
      "edge-1.internal",
      "EDGE-1.internal.:80",
    ]) {
      expect(isOwnName(host, names), host).to.equal(true);
    }
  });

  it("takes no name that somebody else may have made point here", () => {
    for (const host of [
      "",
      "evil.example",
      "evil.example:9081",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "notlocalhost",
      "edge-1.internal.evil.example",
      "[evil.example]",
      "a:b:c",
    ]) {
      expect(isOwnName(host, names), host).to.equal(false);
    }
  });
});
