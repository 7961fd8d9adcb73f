import { expect } from "chai";
import { network, TrustedProxies } from "./trusted-proxies.ts";

const SAID = "203.0.113.7, 10.0.0.1";

describe("trusted proxies", () => {
  it("are believed about the addresses before them", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]);
    for (const peer of ["10.9.8.7", "192.0.2.7", "fd12::1", "::ffff:10.9.8.7"]) {
      expect(proxies.chain(peer, SAID)).to.equal(`${SAID}, ${peer}`);
    }
  });

  it("are only those named: whoever else says something forges it", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.7"]);
    for (const peer of ["11.0.0.1", "192.0.2.8", "fd12::1", "::ffff:11.0.0.1", "unknown"]) {
      expect(proxies.chain(peer, SAID)).to.equal(peer);
    }
    expect(new TrustedProxies([]).chain("127.0.0.1", SAID)).to.equal("127.0.0.1");
  });

  it("are not believed when they say what is no list of addresses", () => {
    const proxies = new TrustedProxies(["127.0.0.0/8"]);
    for (const said of ["<script>", "", "a,,b", `${"1.1.1.1, ".repeat(17)}1.1.1.1`, undefined]) {
      expect(proxies.chain("127.0.0.1", said)).to.equal("127.0.0.1");
    }
  });

  it("are believed about the client's scheme and host, when they say one", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8"]);
    for (const [said, scheme] of [
      ["https", "https"],
      ["HTTPS", "https"],
      ["https, http", "https"],
      ["wss", "http"],
      ["", "http"],
      [undefined, "http"],
    ] as const) {
      expect(proxies.scheme("10.0.0.1", said, "http"), said).to.equal(scheme);
    }
    for (const [said, host] of [
      ["shop.example", "shop.example"],
      ["Shop.example:8443, b.example", "shop.example:8443"],
      ["a b", "own.example"],
      ["", "own.example"],
      [undefined, "own.example"],
    ] as const) {
      expect(proxies.host("10.0.0.1", said, "own.example"), said).to.equal(host);
    }
  });

  it("are the only ones believed about scheme and host", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8"]);
    expect(proxies.scheme("11.0.0.1", "https", "http")).to.equal("http");
    expect(proxies.host("11.0.0.1", "shop.example", "own.example")).to.equal("own.example");
  });

  it("tell clients apart by address, however the proxies write it", () => {
    const proxies = new TrustedProxies(["10.0.0.0/8"]);
    for (const [said, client] of [
      ["203.0.113.7", "203.0.113.7"],
      ["203.0.113.7:4711", "203.0.113.7"],
      ["::ffff:203.0.113.7", "203.0.113.7"],
      ["[2001:db8::7]:4711", "2001:db8:0:0::/64"],
      ["forged, 203.0.113.7:4711, 10.0.0.2:80", "203.0.113.7"],
      ["203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"],
      ["<forged>, , 203.0.113.7", "203.0.113.7"],
      [`${"1.1.1.1, ".repeat(17)}203.0.113.7`, "203.0.113.7"],
      ["10.0.0.3, 10.0.0.2", "10.0.0.3"],
      ["a b", "10.0.0.1"],
      [undefined, "10.0.0.1"],
    ] as const) {
      expect(proxies.requester("10.0.0.1", said), said).to.equal(client);
    }
    expect(proxies.requester("11.0.0.1", "203.0.113.7")).to.equal("11.0.0.1");
  });

  it("are named by address or network", () => {
    for (const good of ["127.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/8", "::/0"]) {
      expect(network.parse(good), good).to.equal(good);
    }
    for (const bad of [
      "",
      "localhost",
      "10.0.0.0/33",
      "::1/129",
      "10.0.0",
      "10.0.0.0/",
      "10.0.0.0/-1",
      "1.2.3.4/8/8",
    ]) {
      expect(network.parse(bad), bad).to.equal(undefined);
    }
  });
});
