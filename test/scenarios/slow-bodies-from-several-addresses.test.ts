import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { ask, get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RoutedEdge } from "../rig/routed-edge.ts";
import { startTestListener } from "../rig/test-listener.ts";
import { startTestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const CONNECTIONS = 40;
// Five times eight fill the server.
const ATTACKERS = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"];
const EACH = 10;
const SLOW_POST = "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx";

/** A server under attack. */
interface Target {
  readonly url: string;
  stop(): Promise<void>;
}

function edge(origin: HttpOrigin): Promise<Target> {
  return startTestListener(origin.url, { connections: CONNECTIONS });
}

/** A router in front of an edge that is the origin itself. */
async function router(origin: HttpOrigin): Promise<Target> {
  const behind = await RoutedEdge.start("edge-1", { ping: { httpPort: Number(origin.url.port) } });
  const { base, running } = await startTestRouter(
    [behind],
    {},
    { limits: { connections: CONNECTIONS, stopMs: 0 } },
  );
  return {
    url: base,
    stop: async () => {
      await running.stop();
      await behind.stop();
    },
  };
}

describe("several addresses send bodies slowly until every connection is taken", () => {
  let origin: HttpOrigin;
  const attacking: Socket[] = [];

  beforeEach(async () => {
    const fields = [["Cache-Control", "max-age=60"]] as const;
    origin = await HttpOrigin.start({ "/page": { fields, body: "page" } });
    origin.answer("/form", async (request) => ({ body: await request.body() }));
  });

  afterEach(async () => {
    for (const socket of attacking.splice(0)) socket.destroy();
    await origin.stop();
  });

  async function attack({ url }: Target): Promise<void> {
    for (const localAddress of ATTACKERS) {
      for (let n = 0; n < EACH; n += 1) {
        const { hostname, port } = new URL(url);
        const socket = connect({ host: hostname, port: Number(port), localAddress });
        socket.on("error", () => socket.destroy());
        attacking.push(socket);
        await once(socket, "connect");
        socket.write(SLOW_POST);
      }
    }
  }

  for (const [name, start] of [
    ["an edge", edge],
    ["a router", router],
  ] as const) {
    it(`${name} still serves another address, its GETs and its own body`, async function () {
      // Other systems have one loopback address.
      if (process.platform !== "linux") this.skip();
      const target = await start(origin);
      await get(target.url, "/page");
      await attack(target);
      await until("it is full", () => origin.count("/form") >= CONNECTIONS - 4);
      for (let n = 0; n < 20; n += 1) expect((await get(target.url, "/page")).text).to.equal("page");
      const posted = await (await ask(target.url, "/form", { method: "POST", body: "hello" })).finish();
      expect(posted.text).to.equal("hello");
      await target.stop();
    });
  }
});
