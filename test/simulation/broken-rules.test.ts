import { expect } from "chai";
import { BROKEN_RULES } from "./broken-rules.ts";
import { findViolation } from "./find-violation.ts";

// The rarest of them shows itself once in some hundred histories.
const SEEDS = 4000;

describe("each rule of the purge protocol is needed:", () => {
  for (const { name, rules, from, like } of BROKEN_RULES) {
    it(`a promise is broken when ${name}`, async function () {
      this.timeout(240_000);
      const found = await findViolation({ from, seeds: SEEDS, rules, like });
      expect(found, `in ${SEEDS} histories from seed ${from} every promise was kept`).to.not.equal(undefined);
    });
  }
});
