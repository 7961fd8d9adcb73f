import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import { comparePositions, type Position, parsePosition } from "../../purge-log/position.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { PLAIN_ACCESS } from "../../purge-log/redis/redis-access.ts";
import { untilStats } from "../rig/edge-state.ts";
import { FaultProxy } from "../rig/fault-proxy.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin, type Reply, type SeenRequest } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { RedisReplica } from "../rig/redis-replica.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const LEASE_MS = 1_000;
// Clock rates agree within 1 %; timers fire a little late.
const BOUND_MS = LEASE_MS * 1.01 + 50;
const MAX_LAG_MS = 1_000;
// Leaves the machine to the edges.
const READ_PAUSE_MS = 5;
const PAGE = { $case: "url", url: "/page" } as const;

describe("three edges on a Redis whose replica is promoted", function () {
  this.timeout(60_000);
  let primary: RedisServer;
  let replica: RedisReplica;
  let origin: HttpOrigin;
  let version: string;
  let readers: Readers;
  const edges: TestEdge[] = [];
  /** From each edge to the Redis that it takes for the log. */
  const links: FaultProxy[] = [];
  const logs: PurgeLog[] = [];

  const startFleet = async (redisReplicas: number): Promise<void> => {
    version = "one";
    primary = await startRedisServer();
    replica = await RedisReplica.start(primary);
    origin = await HttpOrigin.start({
      "/page": (request) => page(request, version),
      "/other": (request) => page(request, "same"),
    });
    for (const id of ["edge-1", "edge-2", "edge-3"]) {
      const link = await FaultProxy.start(primary.port);
      const log = openPurgeLog(`redis://127.0.0.1:${link.port}`, systemClock, createLog("test", "silent"), {
        ...PLAIN_ACCESS,
        redisReplicas,
      });
      links.push(link);
      logs.push(log);
      edges.push(await startTestEdge(origin.url, { id, purgeLog: log, lease: LEASE_MS }));
    }
    for (const { url } of edges) for (const path of ["/page", "/other"]) await get(url, path);
    await replica.inSync();
    readers = new Readers(edges);
  };

  afterEach(async () => {
    await readers.stop();
    await Promise.all(edges.splice(0).map((edge) => edge.stop()));
    await Promise.all(logs.splice(0).map((log) => log.close()));
    await Promise.all(links.splice(0).map((link) => link.close()));
    await origin.stop();
    await replica.close();
    await primary.close();
  });

  const controlOf = (edge: number): string => edges[edge]?.control ?? "";
  const redirect = (...which: number[]): void => {
    for (const index of which) links[index]?.redirect(replica.server.port);
  };
  const whenBehind = (before: Position, ...which: number[]) =>
    Promise.all(
      which.map((edge) =>
        untilStats(controlOf(edge), ({ state, position }) => {
          return state === "serving" && comparePositions(positionOf(position), before) > 0;
        }),
      ),
    );
  const purgedOnAll = async (before: Position): Promise<void> => {
    const proof = await purge(controlOf(2), PAGE);
    expect(proof.edges.map(({ edge, state }) => `${edge} ${state}`)).to.deep.equal([
      "edge-1 applied",
      "edge-2 applied",
      "edge-3 applied",
    ]);
    expect(comparePositions(positionOf(proof.position), before)).to.be.above(0);
  };

  describe("that no edge waits for", () => {
    beforeEach(() => startFleet(0));

    it("serve nothing older than a purge that was lost with the primary, and revalidate once", async () => {
      const before = positionOf((await stats(controlOf(0))).position);
      replica.link.inflict({ kind: "black-hole", direction: "both" });
      links[2]?.inflict({ kind: "black-hole", direction: "both" });
      version = "two";
      const lost = purge(controlOf(0), PAGE);
      const [at] = await whenBehind(before, 0, 1);
      const acceptedBy = performance.now();
      await primary.kill();
      await replica.promote();
      const place = at?.position ?? "";
      expect(await replica.server.command("XRANGE", LOG_KEY, place, place), "it was lost").to.deep.equal([]);
      redirect(0, 1, 2);
      links[2]?.heal();

      // An edge that has flushed serves nothing that the purge covers, so its receipt may come from the new log.
      expect((await lost).outcome).to.equal("applied");
      const provenAt = performance.now();
      await whenBehind(positionOf(place), 0, 1, 2);
      const reads = await readers.stop();
      expect(otherThan("two", reads, Math.min(acceptedBy + BOUND_MS, provenAt))).to.deep.equal([]);
      for (const { url } of edges) {
        const outcomes = [await get(url, "/other"), await get(url, "/other")];
        expect(outcomes.map((each) => each.header("x-cache"))).to.deep.equal(["REVALIDATED", "HIT"]);
      }
      await purgedOnAll(positionOf(place));
    });
  });

  describe("while the old primary, with min-replicas-to-write 1, lives on with edge-3", () => {
    beforeEach(async () => {
      await startFleet(0);
      await primary.command("CONFIG", "SET", "min-replicas-max-lag", MAX_LAG_MS / 1_000);
      await primary.command("CONFIG", "SET", "min-replicas-to-write", 1);
    });

    const purgedWithoutEdge3 = async (): Promise<void> => {
      const proof = await purge(controlOf(0), PAGE);
      expect(proof.edges.map(({ edge, state }) => `${edge} ${state}`)).to.deep.equal([
        "edge-1 applied",
        "edge-2 applied",
        "edge-3 fenced",
      ]);
    };

    it("get a proof when the lease of edge-3 ends, which the old primary cannot renew", async () => {
      const before = positionOf((await stats(controlOf(0))).position);
      await replica.promote();
      redirect(0, 1);
      await whenBehind(before, 0, 1);
      version = "two";
      await purgedWithoutEdge3();
      const provenAt = performance.now();
      expect((await purge(controlOf(2), PAGE)).outcome).to.equal("rejected");
      redirect(2);
      await whenBehind(before, 2);
      expect(otherThan("two", await readers.stop(), provenAt)).to.deep.equal([]);
      await purgedOnAll(before);
    });

    it("also wait for the allowed lag when the old primary does not notice that it is cut off", async () => {
      const before = positionOf((await stats(controlOf(0))).position);
      replica.link.inflict({ kind: "black-hole", direction: "both" });
      await untilStats(controlOf(2), ({ state }) => state === "lapsed");
      await replica.promote();
      redirect(0, 1);
      await whenBehind(before, 0, 1);
      version = "two";
      await purgedWithoutEdge3();
      const provenAt = performance.now();
      redirect(2);
      await whenBehind(before, 2);
      expect(otherThan("two", await readers.stop(), provenAt)).to.deep.equal([]);
    });
  });

  it("need not wait for the allowed lag when each heartbeat and purge waits for a replica", async () => {
    await startFleet(1);
    const before = positionOf((await stats(controlOf(0))).position);
    replica.link.inflict({ kind: "black-hole", direction: "both" });
    await replica.promote();
    // The next primary has a replica too, or it would accept nothing.
    const next = await RedisReplica.start(replica.server);
    redirect(0, 1);
    await whenBehind(before, 0, 1);
    version = "two";
    const proof = await purge(controlOf(0), PAGE);
    const provenAt = performance.now();
    expect(proof.edges.map(({ edge, state }) => `${edge} ${state}`)).to.deep.equal([
      "edge-1 applied",
      "edge-2 applied",
      "edge-3 fenced",
    ]);
    expect((await purge(controlOf(2), PAGE)).outcome).to.equal("unknown");
    redirect(2);
    await whenBehind(before, 2);
    expect(otherThan("two", await readers.stop(), provenAt)).to.deep.equal([]);
    await next.close();
  });
});

interface Read {
  readonly edge: string;
  readonly text: string;
  readonly sentAt: number;
}

/** Reads the page at each edge, over and over. */
class Readers {
  readonly #reads: Read[] = [];
  readonly #stopping = new AbortController();
  readonly #running: readonly Promise<void>[];

  constructor(edges: readonly TestEdge[]) {
    this.#running = edges.map((edge) => this.#read(edge));
  }

  /** Resolves with all reads. */
  async stop(): Promise<readonly Read[]> {
    this.#stopping.abort();
    await Promise.all(this.#running);
    return this.#reads;
  }

  async #read({ id: edge, url }: TestEdge): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const sentAt = performance.now();
      const { text } = await get(url, "/page");
      this.#reads.push({ edge, text, sentAt });
      await delay(READ_PAUSE_MS);
    }
  }
}

function page(request: SeenRequest, body: string): Reply {
  const etag = `"${body}"`;
  const fields: [string, string][] = [
    ["Cache-Control", "max-age=600"],
    ["ETag", etag],
  ];
  return request.header("if-none-match") === etag ? { status: 304, fields } : { fields, body };
}

/** The reads that began after a moment and got another version. */
function otherThan(version: string, reads: readonly Read[], after: number): readonly Read[] {
  return reads.filter(({ sentAt, text }) => sentAt > after && text !== version);
}

function positionOf(text: string): Position {
  const position = parsePosition(text);
  if (position === undefined) throw new Error(`not a position: ${text}`);
  return position;
}
