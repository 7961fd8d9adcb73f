import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { requestFor } from "../../test/rig/stored-response.fixture.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { EdgeCounters } from "./metrics.ts";
import { RateLimits } from "./rate-limits.ts";
import { limitedAnswer } from "./rule-answer.ts";

describe("the answer of a rule that limits", () => {
  const limiting = (yaml: string) => {
    const clock = new ManualClock();
    const edge = {
      id: "edge-1",
      log: createLog("test", "silent"),
      clock,
      rateLimits: new RateLimits(),
      counters: new EdgeCounters(),
    };
    const { rules } = writtenRules(`rules:\n  - ${yaml}\n`).book;
    const statusOf = (site: string, client: string, target = "/") =>
      limitedAnswer(rules, { ...FROM, ...requestFor(target), site, client }, edge)?.status;
    return { clock, statusOf };
  };

  it("is given to a client that comes too often, until the time is over", () => {
    const { clock, statusOf } = limiting("limit: {rate: 1/s, burst: 2}");
    const asked = () => statusOf("shop", "192.0.2.1");
    expect([asked(), asked(), asked()]).to.deep.equal([undefined, undefined, 429]);
    expect(statusOf("shop", "192.0.2.2")).to.equal(undefined);
    clock.advance(1_000);
    expect([asked(), asked()]).to.deep.equal([undefined, 429]);
  });

  it("does not count what the client asks of another site with the same rule", () => {
    const { statusOf } = limiting("limit: {rate: 1/s, burst: 1}");
    expect(statusOf("shop", "192.0.2.1")).to.equal(undefined);
    expect(statusOf("blog", "192.0.2.1")).to.equal(undefined);
    expect(statusOf("shop", "192.0.2.1")).to.equal(429);
  });
});

const FROM = { scheme: "http", authority: "a.example", addresses: "192.0.2.1" } as const;
