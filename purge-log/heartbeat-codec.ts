import { z } from "zod";
import { describeError } from "../process/failure.ts";
import type { Position } from "./position.ts";
import type { Heartbeat } from "./purge-log.ts";

const count = z.int().nonnegative();
const position: z.ZodType<Position> = z.object({ epoch: count, seq: count });

// Not strict, unlike a purge: a newer edge may say more of itself, and it still counts as a member.
const HEARTBEAT: z.ZodType<Heartbeat> = z.object({
  edge: z.string().min(1),
  bootId: z.string(),
  grpcAddress: z.string(),
  httpAddress: z.string(),
  position,
  runId: z.string(),
  leaseMs: z.number().nonnegative(),
  applied: z.array(z.object({ position, objects: count })),
});

export type DecodedHeartbeat =
  | { readonly kind: "heartbeat"; readonly beat: Heartbeat }
  | { readonly kind: "unreadable"; readonly reason: string };

export function encodeHeartbeat(beat: Heartbeat): string {
  return JSON.stringify(beat);
}

/** Never throws. */
export function decodeHeartbeat(json: string): DecodedHeartbeat {
  try {
    const checked = HEARTBEAT.safeParse(JSON.parse(json));
    return checked.success
      ? { kind: "heartbeat", beat: checked.data }
      : { kind: "unreadable", reason: z.prettifyError(checked.error) };
  } catch (thrown) {
    return { kind: "unreadable", reason: `a heartbeat is JSON: ${describeError(thrown)}` };
  }
}
