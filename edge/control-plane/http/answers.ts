import { z } from "zod";
import { topOrders } from "../../cache/top-requests.ts";

const whole = z.int().min(0);
const ms = z.number().min(0);

const receipt = z.strictObject({
  edge: z.string(),
  state: z.enum(["applied", "fenced", "pending"]),
  ms,
  objects: whole,
  differs: z.literal(true).optional(),
  bytes: whole.optional().describe("Of a dry run."),
});

/** The answer to POST /purge. */
export const purgeAnswer = z.strictObject({
  purgeId: z.string(),
  position: z.string().describe("In the purge log; empty when it was not accepted."),
  outcome: z.enum(["applied", "pending", "rejected", "unknown"]),
  edges: z.array(receipt),
  detail: z.string().optional().describe("What the outcome alone does not say."),
});

const target = z.strictObject({
  url: z.string().optional(),
  prefix: z.string().optional(),
  tag: z.string().optional(),
  everything: z.literal(true).optional(),
  site: z.string().optional(),
});

/** The answer to GET /purges. */
export const purgesAnswer = z.strictObject({
  edge: z.string(),
  purges: z.array(
    z.strictObject({
      purgeId: z.string(),
      position: z.string(),
      time: z.string().nullable(),
      by: z.string(),
      soft: z.boolean(),
      pace: whole.nullable(),
      targets: z.array(target),
      targetCount: whole,
      edges: z.array(receipt),
    }),
  ),
});

const state = z.enum(["serving", "lapsed", "draining", "unknown"]);

/** The answer to GET /stats. */
export const statsAnswer = z.strictObject({
  edges: z.array(
    z.strictObject({
      edge: z.string(),
      state,
      position: z.string(),
      lagMs: z.number(),
      requests: whole,
      hits: whole,
      misses: whole,
      stale: whole,
      revalidated: whole,
      bypass: whole,
      errors: whole,
      objects: whole,
      bytes: whole,
      fills: whole,
      collapsed: whole,
      purges: whole,
      uptimeMs: whole,
      bytesSent: whole,
      hitBytes: whole,
      disk: z
        .strictObject({
          objects: whole,
          bytes: whole,
          limitBytes: whole,
          queueBytes: whole,
          reads: whole,
          readBytes: whole,
          writes: whole,
          writtenBytes: whole,
          passedOver: whole,
          evictedSegments: whole,
          evictedObjects: whole,
          errors: whole,
          oldestMs: ms,
          trouble: z.string().describe("How the last read or write failed; empty: it did not."),
        })
        .nullable()
        .describe("null: it has no disk tier."),
    }),
  ),
});

/** The answer to GET /edges. */
export const edgesAnswer = z.strictObject({
  edges: z.array(
    z.strictObject({
      edge: z.string(),
      grpcAddress: z.string(),
      httpAddress: z.string(),
      state: state.describe("unknown: of an edge that did not answer this call itself."),
      position: z.string(),
      heartbeatAgeMs: ms.nullable(),
      bootId: z.string(),
      sites: z.string(),
      version: z.string(),
      config: z.string(),
    }),
  ),
  outdated: z.string().optional().describe("Why the list is an old one."),
});

/** The answer to DELETE /edges/{edge}. */
export const forgetAnswer = z.strictObject({ forgotten: z.string() });

/** The answer to GET /explain. */
export const explainAnswer = z.strictObject({
  edge: z.string(),
  key: z.string(),
  next: z.string().describe("The Cache-Status member that the next response would have."),
  reason: z.string(),
  variants: z.array(
    z.strictObject({
      status: whole,
      bodyBytes: whole,
      age: z.number(),
      ttl: z.number(),
      freshnessSource: z.string(),
      validator: z.string(),
      selectingFields: z.record(z.string(), z.string()),
      tags: z.array(z.string()),
      position: z.string(),
      selected: z.boolean(),
      tier: z.enum(["memory", "disk"]),
    }),
  ),
  rules: z.array(
    z.strictObject({
      rule: z.string(),
      matched: z.boolean(),
      because: z.string(),
      does: z.array(z.string()),
    }),
  ),
  target: z.string(),
  owner: z.string(),
});

/** The answer to GET /findings. */
export const findingsAnswer = z.strictObject({
  healthy: z.boolean().describe("false: there is a problem. Warnings may be there either way."),
  findings: z.array(
    z.strictObject({
      program: z.string(),
      severity: z.enum(["problem", "warning"]),
      about: z.string(),
      text: z.string(),
    }),
  ),
});

/** The answer to GET /origins. */
export const originsAnswer = z.strictObject({
  edge: z.string(),
  origins: z.array(
    z.strictObject({
      site: z.string(),
      state: z.enum(["reachable", "unreachable"]),
      since: z.string().describe("When this edge first saw it so."),
      error: z.string().nullable(),
    }),
  ),
});

/** The answer to GET /top. */
export const topAnswer = z.strictObject({
  by: z.enum(topOrders),
  rows: z.array(
    z.strictObject({
      url: z.string(),
      site: z.string(),
      requests: whole.describe("An estimate, as all figures here."),
      bytes: whole,
      slowestMs: z.number(),
      misses: whole,
      reason: z.string().describe("Why the last that was no hit was none."),
      mend: z.string().describe("The one field or rule that would make it a hit."),
    }),
  ),
});

/** The answer to POST /reload. */
export const reloadAnswer = z.strictObject({
  edges: z.array(
    z.strictObject({
      edge: z.string(),
      problem: z.null(),
      config: z.string(),
      needsRestart: z.array(z.string()),
    }),
  ),
});

/** The answer to POST /drain and POST /undrain. */
export const drainAnswer = z.strictObject({ edge: z.string(), state });

/** RFC 9457: what is not done, and why. */
export const problemAnswer = z.strictObject({
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.string().optional(),
  detail: z.string().describe("Names the field, the rule and the value."),
});
