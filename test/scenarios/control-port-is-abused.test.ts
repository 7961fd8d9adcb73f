import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { EdgeServiceClient } from "../../proto/gen/edgecache/v1/edge.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { until } from "../rig/until.ts";

const PERIOD = { seconds: 0, nanos: 100_000_000 };
// What server.ts allows of streams, and control-port.ts of connections from one address.
const MOST_WATCHERS = 100;
const MOST_FROM_ONE_ADDRESS = 64;

type Stream = ReturnType<EdgeServiceClient["watchStats"]>;

describe("an edge whose control port and operator port are abused", function () {
  this.timeout(60_000);
  let origin: HttpOrigin;
  let edge: EdgeProcess;

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=600"]], body: "a" } });
    edge = await EdgeProcess.start({ id: "edge-1", origin: origin.url });
    await get(data(), "/a");
  });

  after(async () => {
    await edge.kill();
    await origin.stop();
  });

  const data = () => `http://127.0.0.1:${edge.httpPort}`;

  /** Clients go on getting their hits, each on a connection of its own. */
  async function serves(): Promise<void> {
    for (let i = 0; i < 20; i += 1) {
      const reply = await get(data(), "/a", { headers: { Connection: "close" } });
      expect([reply.status, reply.header("x-cache")]).to.deep.equal([200, "HIT"]);
    }
  }

  /** On a connection of its own, as every client of another machine has. */
  function client(): EdgeServiceClient {
    return new EdgeServiceClient(edge.control, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  for (const [name, port, most] of [
    ["control port", () => edge.grpcPort, MOST_FROM_ONE_ADDRESS],
    ["operator port", () => edge.adminPort, 50],
  ] as const) {
    it(`serves while 300 mute connections are made to its ${name}, and keeps only some of them`, async () => {
      let open = 0;
      const sockets: Socket[] = [];
      for (let i = 0; i < 300; i += 1) {
        const socket = connect(port(), "127.0.0.1").on("error", () => undefined);
        socket.once("close", () => {
          open -= 1;
        });
        sockets.push(socket.resume());
        await once(socket, "connect");
        open += 1;
      }
      await until("the others are closed", () => open <= most);
      // Those that are kept are closed later, for their silence.
      expect(open).to.equal(most);
      await serves();
      for (const socket of sockets) socket.destroy();
      await until("all are closed", () => open === 0);
    });
  }

  it("serves while 5 clients want 1,000 streams each, and reports to 100 of them", async () => {
    const clients = Array.from({ length: 5 }, client);
    let refused = 0;
    const codes = new Set<status>();
    const reported = new Set<Stream>();
    const streams = clients.flatMap((each) =>
      Array.from({ length: 1_000 }, () => {
        const stream = each.watchStats({ period: PERIOD });
        stream.on("data", () => reported.add(stream));
        stream.on("error", ({ code }: ServiceError) => {
          refused += 1;
          codes.add(code);
        });
        return stream;
      }),
    );
    await serves();
    await until("each is decided on", () => refused + reported.size === streams.length);
    expect([reported.size, refused]).to.deep.equal([MOST_WATCHERS, streams.length - MOST_WATCHERS]);
    expect([...codes]).to.deep.equal([status.RESOURCE_EXHAUSTED]);
    await serves();
    for (const each of clients) each.close();
    for (const stream of streams) stream.cancel();
  });

  it("serves while streams are opened and left, and has room for others then", async () => {
    const careless = client();
    let over = 0;
    for (let round = 0; round < 10; round += 1) {
      const streams = Array.from({ length: 100 }, () => careless.watchStats({ period: PERIOD }));
      for (const stream of streams) {
        stream.once("error", () => {
          over += 1;
        });
        stream.on("data", () => undefined);
        stream.cancel();
      }
    }
    await serves();
    await until("all are over", () => over === 1_000);
    careless.close();
    // The edge hears of the last of them a moment after they are over here.
    const later = client();
    await until("every one is reported to", async () => (await reportedTo(later)) === MOST_WATCHERS);
    later.close();
  });

  /** How many of 100 streams get a report. */
  async function reportedTo(caller: EdgeServiceClient): Promise<number> {
    let [reports, refused] = [0, 0];
    const streams = Array.from({ length: MOST_WATCHERS }, () => {
      const stream = caller.watchStats({ period: PERIOD });
      stream.once("data", () => {
        reports += 1;
      });
      return stream.once("error", () => {
        refused += 1;
      });
    });
    await until("each is decided on", () => reports + refused === MOST_WATCHERS);
    for (const stream of streams) stream.on("error", () => undefined).cancel();
    return reports;
  }
});
