import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import {
  EdgeServiceClient,
  type TopResponse,
  type WatchRequestsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("who looks at an edge", function () {
  this.timeout(20_000);
  const stopLater = stopAfterEach();

  async function started(workers: number): Promise<{ edge: TestEdge; client: EdgeServiceClient }> {
    const origin = await HttpOrigin.start({
      "/page": { fields: [["Cache-Control", "max-age=600"]], body: "page" },
      "/private": { fields: [["Cache-Control", "private"]], body: "mine" },
    });
    stopLater(() => origin.stop());
    const edge = await startTestEdge(origin.url, { workers, accessLogOmit: ["client", "query:token"] });
    stopLater(() => edge.stop());
    const client = new EdgeServiceClient(edge.control, credentials.createInsecure());
    stopLater(async () => client.close());
    return { edge, client };
  }

  for (const workers of [1, 2]) {
    it(`sees requests with their outcome, and what is asked for most (${workers} threads)`, async () => {
      const { edge, client } = await started(workers);
      const none = { outcomes: [], urlPrefix: "", site: "", statusClass: 0, rate: 0 };
      const stream = client.watchRequests({ ...none, urlPrefix: "/p" });
      stopLater(async () => stream.cancel());
      stream.on("error", () => undefined);
      const seen: WatchRequestsResponse["requests"] = [];
      const enough = new Promise<void>((resolve) => {
        stream.on("data", ({ requests }: WatchRequestsResponse) => {
          seen.push(...requests);
          if (seen.length >= 3) resolve();
        });
      });
      // The stream is open once the edge has sent a message.
      await new Promise((resolve) => stream.once("data", resolve));
      await get(edge.url, "/other");
      await get(edge.url, "/page");
      await get(edge.url, "/page");
      await get(edge.url, "/private?token=secret&a=1");
      await enough;
      const shown = seen.map(({ method, url, status, outcome, bytes, client: from, site }) => ({
        ...{ method, path: new URL(url).pathname + new URL(url).search, status, outcome, bytes, from, site },
      }));
      const both = { method: "GET", status: 200, bytes: 4, from: "", site: "default" };
      expect(shown).to.have.deep.members([
        { ...both, path: "/page", outcome: "miss" },
        { ...both, path: "/page", outcome: "hit" },
        { ...both, path: "/private?token=...&a=1", outcome: "miss" },
      ]);
      expect(seen.find(({ outcome }) => outcome === "hit")?.cacheStatus).to.match(/^edge-1; hit; ttl=\d+$/);
      const top = await new Promise<TopResponse>((resolve, reject) => {
        client.top({ by: "misses", limit: 1 }, (error, response) =>
          error ? reject(error) : resolve(response),
        );
      });
      expect(top.edge).to.equal("edge-1");
      expect(top.rows.map(({ misses }) => misses)).to.deep.equal([1]);
    });
  }

  for (const [asked, message] of [
    [{ rate: 201 }, 'rate: must be 1 to 200, or 0 for 20: got "201"'],
    [{ outcomes: ["hit", "hti"] }, "outcomes: must be of hit, miss, stale, revalidated, bypass, error"],
    [{ statusClass: 6 }, 'status_class: must be 1 to 5, or 0 for all: got "6"'],
  ] as const) {
    it(`is told what is wrong with ${JSON.stringify(asked)}`, async () => {
      const { client } = await started(1);
      const none = { outcomes: [], urlPrefix: "", site: "", statusClass: 0, rate: 0 };
      const stream = client.watchRequests({
        ...none,
        ...asked,
        outcomes: [...("outcomes" in asked ? asked.outcomes : [])],
      });
      stream.on("data", () => undefined);
      const error = await new Promise<Error>((resolve) => stream.on("error", resolve));
      expect(error.message).to.include(message);
    });
  }
});
