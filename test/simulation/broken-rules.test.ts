import { expect } from "chai";
import { RepeatingEpochs } from "./broken-redis.ts";
import { BROKEN_RULES, type BrokenRule, PROMISES } from "./broken-rules.ts";
import { findViolation, told } from "./find-violation.ts";
import type { Violation } from "./guarantees.ts";
import { KNOWN_HISTORIES } from "./known-histories.ts";
import { REAL_WORLD, World } from "./world.ts";

// The rarest of them shows itself once in some hundred histories.
const SEEDS = 4000;
// Without rule E6 the first of them breaks a promise.
const SEEDS_WITH_E6 = 250;

async function violationOf({
  from,
  rules,
  like,
  workers,
  disk,
  peers,
}: BrokenRule): Promise<Violation | undefined> {
  if (from !== "known histories") {
    return (await findViolation({ from, seeds: SEEDS, rules, like, workers, disk, peers }))?.violations[0];
  }
  for (const { plan } of KNOWN_HISTORIES) {
    const violation = (await new World({ ...plan, workers }, rules).run()).find((each) => like.test(each));
    if (violation !== undefined) return violation;
  }
  return undefined;
}

describe("each rule of the purge protocol is needed:", () => {
  for (const rule of BROKEN_RULES) {
    it(`a promise is broken when ${rule.name}`, async function () {
      this.timeout(240_000);
      const found = await violationOf(rule);
      expect(found, `from ${rule.from}, every promise was kept`).to.not.equal(undefined);
    });
  }

  it("E6 alone keeps the promises about purges where an epoch can come again", async function () {
    this.timeout(60_000);
    const redis: typeof REAL_WORLD.redis = (wall, runId, data) => new RepeatingEpochs(wall, runId, data);
    const rules = { ...REAL_WORLD, redis };
    const found = await findViolation({ from: 0, seeds: SEEDS_WITH_E6, rules, like: PROMISES });
    if (found !== undefined) expect.fail(told(found));
  });
});
