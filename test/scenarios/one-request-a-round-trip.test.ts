import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { SeverablePurgeLog } from "../model/severable-purge-log.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const CLIENTS = 50;
// No edge will ever have been there.
const FUTURE = { "EdgeCache-After": "9000000000000000-0" };

describe("requests for one page that is on its way", () => {
  let origin: HttpOrigin;
  let purgeLog: SeverablePurgeLog;
  let edge: TestEdge;

  beforeEach(async () => {
    const fields = [
      ["Cache-Control", "max-age=60"],
      ["Surrogate-Key", "page"],
      ["ETag", '"1"'],
    ] as const;
    origin = await HttpOrigin.start({
      "/page": { fields, body: "page" },
      "/other": { fields, body: "other" },
    });
    purgeLog = new SeverablePurgeLog(systemClock);
    edge = await startTestEdge(origin.url, { purgeLog, trustedProxies: ["127.0.0.1"] });
  });

  afterEach(async () => {
    purgeLog.heal();
    await edge.stop();
    await origin.stop();
  });

  const clients = (headers: Readonly<Record<string, string>> = {}, count = CLIENTS): Promise<Reply[]> =>
    Promise.all(Array.from({ length: count }, () => get(edge.url, "/page", { headers })));

  /** Requests that wait for a fill. */
  const waiting = async (count: number): Promise<void> => {
    await until(`${count} requests wait`, async () => (await stats(edge.control)).collapsed >= count);
  };

  const expectPages = (replies: readonly Reply[]): void => {
    expect(new Set(replies.map(({ text }) => text))).to.deep.equal(new Set(["page"]));
  };

  it("share one fill, however many other tags are purged meanwhile", async () => {
    const gate = origin.hold("/page", "fields");
    const first = clients();
    await waiting(CLIENTS - 1);
    for (let n = 0; n < 10; n += 1) await purge(edge.control, { $case: "tag", tag: `other-${n}` });
    const later = clients();
    await waiting(2 * CLIENTS - 1);
    gate.open();
    expectPages([...(await first), ...(await later)]);
    expect(origin.count("/page")).to.equal(1);
  });

  it("share one fill more when one of its tags is purged meanwhile, and those before the purge do not wait for it", async () => {
    const gate = origin.hold("/page", "fields");
    const first = clients();
    await waiting(CLIENTS - 1);
    await purge(edge.control, { $case: "tag", tag: "page" });
    const later = clients();
    await waiting(2 * CLIENTS - 1);
    const second = origin.hold("/page", "fields");
    gate.open();
    expectPages(await first);
    await origin.received("/page", 2);
    second.open();
    expectPages(await later);
    expect(origin.count("/page")).to.equal(2);
  });

  const lapse = async (): Promise<void> => {
    purgeLog.cut();
    await until("the lease has run out", async () => (await stats(edge.control)).state === "lapsed");
  };

  for (const [what, prepare, headers] of [
    ["an edge without a lease", lapse, {}],
    ["clients that know of a purge that the edge does not", async () => undefined, FUTURE],
  ] as const) {
    it(`cost the origin one a round trip: ${what}`, async () => {
      await get(edge.url, "/page");
      await prepare();
      const gate = origin.hold("/page", "fields");
      const first = clients(headers, 1);
      await origin.received("/page", 2);
      const second = clients(headers);
      await waiting(CLIENTS - 1);
      const next = origin.hold("/page", "fields");
      gate.open();
      expectPages(await first);
      await origin.received("/page", 3);
      const third = clients(headers);
      await waiting(2 * CLIENTS - 2);
      next.open();
      expectPages([...(await second), ...(await third)]);
      expect(origin.count("/page")).to.equal(4);
    });
  }

  it("of clients that know of a purge do not stand in the way of pages that were purged softly", async () => {
    await get(edge.url, "/other");
    await purge(edge.control, { $case: "url", url: "/other" }, { soft: true });
    const targets = Array.from({ length: 200 }, (_, n) => `/ahead/${n}`);
    const gates = targets.map((target) => origin.hold(target, "fields"));
    for (const target of targets) origin.answer(target, { fields: [], body: "ahead" });
    const ahead = targets.map((target) => get(edge.url, target, { headers: FUTURE }));
    await until("the origin has as many of them as it gets", () => origin.count() >= 32);
    expect((await get(edge.url, "/other")).text).to.equal("other");
    for (const gate of gates) gate.open();
    expect((await Promise.all(ahead)).map(({ status }) => status)).to.deep.equal(targets.map(() => 200));
  });
});
