import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { EdgeServiceClient, type PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const TARGETS = Array.from({ length: 1_000 }, (_, i) => `/items/${i}`);
const READERS = 8;

/** One read: what it got, and when it began and ended. */
interface Read {
  readonly text: string;
  readonly began: number;
  readonly ended: number;
}

describe("a purge of a thousand targets", function () {
  this.timeout(30_000);
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version = "old";

  before(async () => {
    origin = await HttpOrigin.start();
    const fields = [["Cache-Control", "max-age=600"]] as const;
    for (const target of TARGETS) origin.answer(target, () => ({ fields, body: version }));
    edge = await startTestEdge(origin.url);
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  function purgeAll(): Promise<PurgeResponse> {
    const client = new EdgeServiceClient(edge.control, credentials.createInsecure());
    const targets = TARGETS.map((url) => ({ target: { $case: "url" as const, url }, site: "" }));
    const how = { soft: false, wait: undefined, dryRun: false, rebound: undefined, pace: 0 };
    const request = { purgeId: "", targets, ...how };
    return new Promise<PurgeResponse>((resolve, reject) => {
      client.purge(request, (error, reply) => (error === null ? resolve(reply) : reject(error)));
    }).finally(() => client.close());
  }

  it("takes effect at one moment: no reader sees an old one after any reader has seen a new one", async () => {
    const unread = [...TARGETS];
    const fill = async (): Promise<void> => {
      for (let target = unread.pop(); target !== undefined; target = unread.pop())
        await get(edge.url, target);
    };
    await Promise.all(Array.from({ length: READERS }, fill));
    version = "new";

    const reads: Read[] = [];
    let ended = false;
    const readOn = async (reader: number): Promise<void> => {
      for (let i = reader; !ended; i += READERS) {
        const began = performance.now();
        const { text } = await get(edge.url, TARGETS[(i * 7) % TARGETS.length] ?? "");
        reads.push({ text, began, ended: performance.now() });
      }
    };
    const readers = Array.from({ length: READERS }, (_, reader) => readOn(reader));
    const readsOf = (seen: string) => reads.filter(({ text }) => text === seen);
    const readMore = () => get(edge.url, "/items/0");
    await until("50 reads saw the old version", () => readsOf("old").length >= 50, readMore);
    const proof = await purgeAll();
    await until("50 reads saw the new version", () => readsOf("new").length >= 50, readMore);
    ended = true;
    await Promise.all(readers);

    expect(proof.outcome).to.equal("applied");
    expect(proof.edges.map(({ objects }) => objects)).to.deep.equal([TARGETS.length]);
    const firstNew = Math.min(...readsOf("new").map((read) => read.ended));
    expect(readsOf("old").filter(({ began }) => began > firstNew)).to.deep.equal([]);
    for (const target of TARGETS.filter((_, i) => i % 50 === 0)) {
      expect((await get(edge.url, target)).text).to.equal("new");
    }
  });
});
