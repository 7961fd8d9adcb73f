import { expect } from "chai";
import { leftBehind } from "../../test/rig/garbage.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { RateLimits } from "./rate-limits.ts";

describe("how often clients have come", () => {
  it("is remembered without the texts of their requests, which may be long", async () => {
    const [by] = writtenRules("rules:\n  - limit: {rate: 1/s, burst: 2, per: key}\n").book.rules;
    const limit = by?.rule.limit;
    if (by === undefined || limit === undefined) throw new Error("no rule limits");
    const limits = new RateLimits();
    let target = 0;
    const left = await leftBehind(async () => {
      target += 1;
      expect(limits.take(by, limit, `shop /${target}`.padEnd(2_048, "x"), 0)).to.equal(undefined);
    });
    expect(left).to.be.below(0.5);
  });
});
