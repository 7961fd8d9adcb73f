import { expect } from "chai";
import { findViolation, told } from "./find-violation.ts";
import { KNOWN_HISTORIES } from "./known-histories.ts";
import { makePlan } from "./plan.ts";
import { REAL_WORLD, World } from "./world.ts";

// SIMULATED=100000 plays more, as `npm run simulate` does.
const SEEDS = Number(process.env.SIMULATED ?? 2000);
// Of edges with several threads, which take longer to play.
const THREADED_SEEDS = Math.ceil(SEEDS / 8);
// More happens in these, and each edge scans its disk at every start.
const DISK_SEEDS = Math.ceil(SEEDS / 20) * 2;

async function traceOf(seed: number, workers = 1, disk = false): Promise<readonly string[]> {
  const lines: string[] = [];
  const world = new World(makePlan(seed, workers, disk), REAL_WORLD, (line) => lines.push(line));
  lines.push(...(await world.run()));
  return lines;
}

describe("three edges, a purge log that fails in every way, and clients", () => {
  it(`keep every promise about purges in ${SEEDS} histories`, async function () {
    this.timeout(60_000 + SEEDS * 50);
    const found = await findViolation({ from: 0, seeds: SEEDS, rules: REAL_WORLD });
    if (found !== undefined) expect.fail(told(found));
  });

  for (const workers of [2, 3])
    it(`keep every promise in ${THREADED_SEEDS} histories when ${workers} threads serve at each edge`, async function () {
      this.timeout(60_000 + THREADED_SEEDS * 100);
      const found = await findViolation({ from: 0, seeds: THREADED_SEEDS, workers, rules: REAL_WORLD });
      if (found !== undefined) expect.fail(told(found));
    });

  it(`keep every promise in ${DISK_SEEDS} histories when each edge stores on disk too`, async function () {
    this.timeout(60_000 + DISK_SEEDS * 200);
    for (const workers of [1, 2]) {
      const found = await findViolation({
        ...{ from: 0, seeds: DISK_SEEDS / 2, workers, disk: true },
        rules: REAL_WORLD,
      });
      if (found !== undefined) expect.fail(told(found));
    }
  });

  it(`keep every promise in ${THREADED_SEEDS} histories when they ask each other before the origin`, async function () {
    this.timeout(60_000 + THREADED_SEEDS * 100);
    const found = await findViolation({ from: 0, seeds: THREADED_SEEDS, peers: true, rules: REAL_WORLD });
    if (found !== undefined) expect.fail(told(found));
  });

  it("keep every promise when an edge that may serve stale without a lease restarts with its disk, and the log is away", async () => {
    const plan = { ...makePlan(75, 2, true), peers: true };
    expect(await new World(plan, REAL_WORLD).run()).to.deep.equal([]);
  });

  for (const { name, plan } of KNOWN_HISTORIES) {
    it(`keep every promise when ${name}`, async () => {
      for (const how of [
        { workers: 1 },
        { workers: 2 },
        { workers: 1, disk: true },
        { workers: 1, peers: true },
      ])
        expect(await new World({ ...plan, ...how }, REAL_WORLD).run()).to.deep.equal([]);
    });
  }

  it("play a history again exactly, from its seed", async () => {
    const lines = await traceOf(11);
    expect(lines).to.have.length.greaterThan(50);
    expect(await traceOf(11)).to.deep.equal(lines);
    expect(await traceOf(11, 2)).to.deep.equal(await traceOf(11, 2));
    expect(await traceOf(11, 1, true)).to.deep.equal(await traceOf(11, 1, true));
  });

  it("serve from disk what an edge had before it ended", async () => {
    let served = 0;
    for (let seed = 0; seed < 40; seed += 1)
      served += (await traceOf(seed, 1, true)).filter((line) => line.includes("hit disk")).length;
    expect(served).to.be.above(5);
  });

  it("meet every way in which a purge can end and a request can be answered", async function () {
    this.timeout(240_000);
    const met = new Set<string>();
    for (let seed = 0; seed < 500; seed += 1) {
      for (const line of await traceOf(seed)) {
        for (const word of line.matchAll(WORDS)) met.add(word[0].trim());
      }
    }
    expect([...met]).to.include.members([
      ": applied",
      ": pending",
      ": rejected",
      ": unknown",
      ": no answer",
      "200 hit",
      "206 hit",
      "304 hit",
      "200 miss",
      "200 revalidated",
      "206 revalidated",
      "200 stale stale-while-revalidate",
      "200 stale origin",
      "502 error",
    ]);
  });
});

const WORDS =
  /: (applied|pending|rejected|unknown|no answer)|\d{3} (hit|miss|revalidated|error|stale (origin|stale-while-revalidate))/g;
