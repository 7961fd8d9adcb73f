import { expect } from "chai";
import { hostFor, hostPolicy, serverNameOf, toldBase } from "./host-policy.ts";

const client = { kind: "client" } as const;
const origin = { kind: "origin" } as const;
const fixed = { kind: "fixed", host: "blog.example:8080" } as const;

describe("the Host that an origin is sent", () => {
  it("is that of the client, that of its own URL, or a fixed one", () => {
    for (const policy of [client, origin, fixed]) {
      expect(hostPolicy.parse(hostPolicy.format(policy))).to.deep.equal(policy);
    }
    expect(hostPolicy.parse("Blog.Example")).to.deep.equal({ kind: "fixed", host: "blog.example" });
    for (const wrong of ["", "a b", "http://a", "a/b", "a:0", "a\r\nb"]) {
      expect(hostPolicy.parse(wrong), wrong).to.equal(undefined);
    }
  });

  it("is its own when the client named none", () => {
    expect(hostFor(client, "shop.example:81")).to.equal("shop.example:81");
    expect(hostFor(client, "")).to.equal(undefined);
    expect(hostFor(origin, "shop.example")).to.equal(undefined);
    expect(hostFor(fixed, "shop.example")).to.equal("blog.example:8080");
  });

  it("is in the cache key with the scheme, as far as it comes from the client", () => {
    expect(toldBase(client, "https", "shop.example")).to.equal("https://shop.example");
    expect(toldBase(client, "https", "shop.example:443")).to.equal("https://shop.example");
    expect(toldBase(client, "https", "shop.example:80")).to.equal("https://shop.example:80");
    expect(toldBase(client, "http", "[::1]:80")).to.equal("http://[::1]");
    expect(toldBase(origin, "http", "evil.example")).to.equal("http://");
    expect(toldBase(fixed, "https", "evil.example")).to.equal("https://");
  });

  it("is never the name that TLS asks for: that is the origin's own, unless it is an address", () => {
    expect(
      ["https://a.example:8443", "https://10.0.0.1", "https://[::1]:1"].map((url) =>
        serverNameOf(new URL(url)),
      ),
    ).to.deep.equal(["a.example", "", ""]);
  });
});
