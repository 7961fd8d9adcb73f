import { expect } from "chai";
import { get } from "../../test/rig/http-client.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { routing } from "../../test/rig/routing.ts";

const ASKED =
  "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe("a change of protocols through a router", () => {
  const { rawEdge, router } = routing();

  it("ejects no edge whose tunnels break off: a party behind it may have ended them", async () => {
    const { edge, data } = await rawEdge("only", SWITCHED);
    const { base, admin } = await router([edge]);
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(base)));
    for (const client of clients) expect((await client.send(ASKED).reply()).status).to.equal(101);
    data.reset();
    for (const client of clients) await client.closed;
    const metrics = (await get(admin, "/metrics")).text;
    expect(metrics).to.contain('edgecache_router_ejections_total{edge="only"} 0');
    expect(metrics).to.contain("edgecache_router_tunnels_open 0");
  });

  it("ejects an edge that breaks off before it has answered", async () => {
    const { edge } = await rawEdge("only", (socket) => socket.resetAndDestroy());
    const { base, admin } = await router([edge]);
    for (let times = 0; times < 3; times += 1) {
      const client = await RawConnection.open(base);
      expect((await client.send(ASKED).reply()).status).to.equal(502);
      client.destroy();
    }
    expect((await get(admin, "/metrics")).text).to.match(/ejections_total\{edge="only"\} [1-9]/);
  });
});
