import { expect } from "chai";
import { testimonyOf } from "./sentinel.ts";

const FROM = { host: "s", port: 26379 };

describe("what a Sentinel says", () => {
  it("is the address of the primary, and of how late a failover", () => {
    const reply = ["name", "port", "ip", "10.0.0.1", "port", "6379", "flags", "master", "config-epoch", "7"];
    expect(testimonyOf(reply, FROM)).to.deep.equal({
      primary: { host: "10.0.0.1", port: 6379 },
      configEpoch: 7,
    });
  });

  it("may be an address of IPv6", () => {
    expect(testimonyOf(["ip", "fd00::1", "port", "1"], FROM).primary).to.deep.equal({
      host: "fd00::1",
      port: 1,
    });
  });

  it("is nothing when it names no address", () => {
    for (const reply of [null, [], ["ip", "a"], ["ip", "a", "port", "x"], [1, 2], "x"]) {
      expect(() => testimonyOf(reply, FROM)).to.throw("the Sentinel at s:26379 names no primary");
    }
  });
});
