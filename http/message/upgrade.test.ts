import { expect } from "chai";
import { mayBeTunnelled, namedProtocols } from "./upgrade.ts";

describe("Upgrade", () => {
  const named = (...raw: readonly string[]) => namedProtocols("1.1", raw);

  it("names protocols in their order, whatever their case", () => {
    expect(named("Connection", "Upgrade", "Upgrade", "WebSocket, foo/2")).to.deep.equal([
      "websocket",
      "foo/2",
    ]);
    expect(named("upgrade", "a", "connection", "close, UPGRADE", "upgrade", "b")).to.deep.equal(["a", "b"]);
  });

  it("counts for nothing where Connection does not name it, and in other versions", () => {
    expect(named("Upgrade", "websocket")).to.deep.equal([]);
    expect(named("Upgrade", "websocket", "Connection", "keep-alive, upgraded")).to.deep.equal([]);
    expect(named("Connection", "upgrade")).to.deep.equal([]);
    const raw = ["Connection", "Upgrade", "Upgrade", "websocket"];
    expect([namedProtocols("1.0", raw), namedProtocols("2", raw)]).to.deep.equal([[], []]);
  });

  it("may name what a tunnel carries, and never HTTP or TLS", () => {
    for (const name of ["websocket", "spdy/3.1", "tcp", "h2x", "tlsx", "httpd"])
      expect(mayBeTunnelled(name), name).to.equal(true);
    for (const name of [
      "h2c",
      "h2",
      "h3",
      "http/2.0",
      "http",
      "tls/1.0",
      "ssl",
      "",
      "a b",
      "a/",
      "a/b/c",
      "a,b",
    ])
      expect(mayBeTunnelled(name), name).to.equal(false);
  });
});
