import { expect } from "chai";
import { peerAt } from "./peer.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

describe("a connection's other end", () => {
  it("has the address that people know, however the socket shows it", () => {
    const addresses = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", undefined];
    expect(addresses.map((address) => peerAt(address, "http", new TrustedProxies([])).address)).to.deep.equal(
      ["192.0.2.7", "192.0.2.7", "2001:db8::7", "unknown"],
    );
  });
});
