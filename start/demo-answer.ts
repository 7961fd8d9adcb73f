import { Failure } from "../process/failure.ts";

/** The parts of an HTTP answer that the demo looks at. */
export interface DemoAnswer {
  readonly status: number;
  /** Undefined when the response does not have the field. */
  field(name: string): string | undefined;
}

/** The prediction of one step of the demo. */
export interface Claim {
  /** The step's sentence; it names the step when it did not come true. */
  readonly step: string;
  readonly outcome: "HIT" | "MISS";
  readonly servedBy: string;
}

/** The fields that tell the story, in the order in which they are shown. */
export const SHOWN_FIELDS = ["X-Served-By", "X-Cache", "Cache-Status", "Age", "Server-Timing"] as const;

/** Throws Failure("not-as-told"): the step, the prediction, and the answer. */
export function check(claim: Claim, answer: DemoAnswer): void {
  const servedBy = answer.field("x-served-by");
  expectThat(claim, "status must be 200", String(answer.status), answer.status === 200);
  expectThat(claim, `X-Served-By must be ${claim.servedBy}`, servedBy, servedBy === claim.servedBy);
  const outcome = answer.field("x-cache");
  expectThat(claim, `X-Cache must be ${claim.outcome}`, outcome, outcome === claim.outcome);
  // RFC 9211 section 2: the cache's name, then `hit` or why it went forward.
  const status = answer.field("cache-status");
  const parameter = claim.outcome === "HIT" ? "hit" : "fwd";
  const tells = status?.startsWith(`${claim.servedBy};`) === true && memberHas(status, parameter);
  expectThat(claim, `Cache-Status must be ${claim.servedBy}'s, with ${parameter}`, status, tells);
}

function memberHas(status: string, parameter: string): boolean {
  return status.split(";").some((part) => part.trim().split("=")[0] === parameter);
}

/** Throws Failure("not-as-told") unless `holds`. */
export function expectThat(
  { step }: Pick<Claim, "step">,
  rule: string,
  got: string | undefined,
  holds: boolean,
): void {
  if (!holds) throw new Failure("not-as-told", "edge", `${step}: ${rule}: ${got ?? "nothing"}`);
}
