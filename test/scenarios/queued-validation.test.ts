import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin, type Reply } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

// No edge will ever have been there, so the edge validates what it has.
const FUTURE = { "EdgeCache-After": "9000000000000000-0" };

/** The origin has no better validator than a date of whole seconds, and its page changes within one of them. */
describe("a validation that waits for its turn while what it validates is taken out of the store", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: string;

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url, { trustedProxies: ["127.0.0.1"] });
    origin.answer("/page", (request): Reply => {
      const fields: [string, string][] = [
        ["Cache-Control", "max-age=60"],
        ["Last-Modified", "Thu, 26 Nov 2026 12:00:00 GMT"],
      ];
      return request.header("if-modified-since") === undefined
        ? { fields, body: version }
        : { status: 304, fields };
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const changes = {
    "a purge": async () => {
      version = "new";
      expect((await purge(edge.control, { $case: "url", url: "/page" })).outcome).to.equal("applied");
    },
    "a POST": async () => {
      origin.answer("/save", () => {
        version = "new";
        return { fields: [["Location", "/page"]], body: "saved" };
      });
      expect((await get(edge.url, "/save", { method: "POST" })).status).to.equal(200);
    },
  };

  for (const [name, change] of Object.entries(changes)) {
    it(`becomes a fill of the whole after ${name}: those who ask then get the new version`, async () => {
      await get(edge.url, "/page");
      const gate = origin.hold("/page", "fields");
      const first = get(edge.url, "/page", { headers: FUTURE });
      await origin.received("/page", 2);
      const queued = [1, 2].map(() => get(edge.url, "/page", { headers: FUTURE }));
      await until("they wait for one turn", async () => (await stats(edge.control)).collapsed === 1);
      await change();
      const after = get(edge.url, "/page");
      await until("it has joined them", async () => (await stats(edge.control)).collapsed === 2);
      gate.open();
      expect((await after).text).to.equal("new");
      expect((await get(edge.url, "/page")).text).to.equal("new");
      await Promise.all([first, ...queued]);
    });
  }
});
