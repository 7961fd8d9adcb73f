import { expect } from "chai";
import { RequestHeads } from "../message/request-head.ts";
import type { Exchange } from "./exchange.ts";
import { httpsRedirect } from "./https-redirect.ts";
import { peerAt } from "./peer.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

describe("the redirect to HTTPS", () => {
  const proxies = new TrustedProxies(["10.0.0.1"]);

  function location(lines: string, { address = "192.0.2.7", port = 443, target = "/a?b" } = {}) {
    const read = new RequestHeads().read(Buffer.from(`GET ${target} HTTP/1.0\r\n${lines}\r\n`));
    if (read.kind !== "head") throw new Error(read.kind);
    const peer: Exchange["peer"] = peerAt(address, "http", proxies);
    return httpsRedirect(read.head, peer, proxies, port)?.fields[0]?.[1];
  }

  it("leads to the same URL, at the TLS port", () => {
    expect(location("Host: a.example\r\n")).to.equal("https://a.example/a?b");
    expect(location("Host: a.example:8080\r\n", { port: 8443 })).to.equal("https://a.example:8443/a?b");
    expect(location("Host: [::1]:80\r\n")).to.equal("https://[::1]/a?b");
    expect(location("Host: a\r\n", { target: "//evil.example/x" })).to.equal("https://a//evil.example/x");
  });

  it("spares what a trusted proxy took by HTTPS, and believes nobody else", () => {
    const lines = "Host: a\r\nX-Forwarded-Proto: https\r\n";
    expect(location(lines, { address: "10.0.0.1" })).to.equal(undefined);
    expect(location(lines)).to.equal("https://a/a?b");
  });

  it("leads to the host that a trusted proxy names", () => {
    const lines = "Host: a\r\nX-Forwarded-Host: b.example\r\n";
    expect(location(lines, { address: "10.0.0.1" })).to.equal("https://b.example/a?b");
    expect(location(lines)).to.equal("https://a/a?b");
  });

  it("is not possible for a request that names no host", () => expect(location("")).to.equal(undefined));
});
