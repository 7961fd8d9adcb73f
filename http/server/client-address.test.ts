import { expect } from "chai";
import { clientOf, withoutPort } from "./client-address.ts";

describe("the client that an address stands for", () => {
  for (const [address, client] of [
    ["192.0.2.7", "192.0.2.7"],
    ["unknown", "unknown"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["2001:0db8:0001:0002:ffff::192.0.2.7", "2001:db8:1:2::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["0:0:0:0:0:FFFF:c000:0207", "192.0.2.7"],
    ["::fffe:192.0.2.7", "0:0:0:0::/64"],
  ] as const) {
    it(`of ${address} is ${client}`, () => {
      expect(clientOf(address)).to.equal(client);
    });
  }
});

describe("a member of X-Forwarded-For", () => {
  for (const [member, address] of [
    ["192.0.2.7:4711", "192.0.2.7"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8::1", "2001:db8::1"],
    ["unknown", "unknown"],
    ["name:80", "name:80"],
  ] as const) {
    it(`${member} names ${address}`, () => {
      expect(withoutPort(member)).to.equal(address);
    });
  }
});
