import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { type Claim, check, type DemoAnswer } from "./demo-answer.ts";

const CLAIM: Claim = { step: "The same again", outcome: "HIT", servedBy: "edge-1" };

const AS_TOLD = { "x-served-by": "edge-1", "x-cache": "HIT", "cache-status": "edge-1; hit; ttl=60" };

function answered(fields: Readonly<Record<string, string>>, status = 200): DemoAnswer {
  return { status, field: (name) => fields[name] };
}

describe("check", () => {
  it("lets an answer pass that is as told", () => {
    check(CLAIM, answered(AS_TOLD));
    const miss = { ...AS_TOLD, "x-cache": "MISS", "cache-status": "edge-1; fwd=uri-miss; stored" };
    check({ ...CLAIM, outcome: "MISS" }, answered(miss));
  });

  const different: [what: string, answer: DemoAnswer, message: string][] = [
    ["another status", answered(AS_TOLD, 502), "The same again: status must be 200: 502"],
    ["another edge", answered({ ...AS_TOLD, "x-served-by": "edge-2" }), "X-Served-By must be edge-1: edge-2"],
    ["another outcome", answered({ ...AS_TOLD, "x-cache": "MISS" }), "X-Cache must be HIT: MISS"],
    [
      "a Cache-Status that says otherwise",
      answered({ ...AS_TOLD, "cache-status": "edge-1; fwd=stale" }),
      "Cache-Status",
    ],
    [
      "another cache's Cache-Status",
      answered({ ...AS_TOLD, "cache-status": "edge-10; hit" }),
      "Cache-Status",
    ],
    ["no fields at all", answered({}), "X-Served-By must be edge-1: nothing"],
  ];
  for (const [what, answer, message] of different) {
    it(`names the step when there is ${what}`, () => {
      expect(() => check(CLAIM, answer))
        .to.throw(Failure, message)
        .with.property("code", "not-as-told");
    });
  }
});
