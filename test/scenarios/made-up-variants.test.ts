import { expect } from "chai";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const MOST_VARIANTS = 16;
const REAL = ["de", "en", "fr", "it"];

describe("a client that makes up languages", () => {
  let clock: ManualClock;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let maxAge: number;

  beforeEach(async () => {
    clock = new ManualClock();
    maxAge = 600;
    origin = await HttpOrigin.start();
    origin.answer("/page", (request) => ({
      fields: [
        ["Cache-Control", `max-age=${maxAge}`],
        ["Vary", "Accept-Language"],
      ],
      body: request.header("accept-language") ?? "",
    }));
    edge = await startTestEdge(origin.url, { clock, lease: 30_000 });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const page = (language: string): Promise<Reply> =>
    get(edge.url, "/page", { headers: { "Accept-Language": language } });
  const makeUp = async (from: number, count: number) => {
    for (let n = from; n < from + count; n += 1) await page(`made-${n}`);
  };
  const xCache = async (language: string) => (await page(language)).header("x-cache");

  it("locks nobody out: a real language takes a place, and Cache-Status says so of each", async () => {
    await makeUp(0, MOST_VARIANTS);
    for (const language of REAL) {
      expect((await page(language)).header("cache-status")).to.contain("; stored");
      const again = await page(language);
      expect([again.header("x-cache"), again.text]).to.deep.equal(["HIT", language]);
    }
  });

  it("drives out no language that is used, however many more it makes up", async () => {
    for (const language of REAL) await page(language);
    for (let round = 0; round < 5; round += 1) {
      for (const language of REAL) expect(await xCache(language)).to.equal("HIT");
      await makeUp(100 * round, 5 * MOST_VARIANTS);
    }
  });

  it("drives out none that is fresh while some of its own have expired", async () => {
    maxAge = 1;
    await makeUp(0, MOST_VARIANTS - REAL.length);
    maxAge = 600;
    for (const language of REAL) await page(language);
    clock.advance(2_300);
    // Each takes the place of one that has expired, although those were used as recently.
    await makeUp(100, MOST_VARIANTS - REAL.length);
    for (const language of REAL) expect(await xCache(language)).to.equal("HIT");
  });

  it("is told the truth: what Cache-Status calls stored is a hit for the next request", async () => {
    for (let n = 0; n < 3 * MOST_VARIANTS; n += 1) {
      const first = await page(`made-${n}`);
      expect(first.header("cache-status")).to.contain("; stored");
      expect(await xCache(`made-${n}`)).to.equal("HIT");
    }
  });
});
