import { describeError } from "../process/failure.ts";
import { formatPosition, parsePosition } from "./position.ts";
import type { Confirmation, PurgeCount } from "./purge-log.ts";

export type DecodedConfirmation =
  | { readonly kind: "confirmation"; readonly confirmation: Confirmation }
  | { readonly kind: "unreadable"; readonly reason: string };

export function encodeConfirmation({ edge, position, runId, applied }: Confirmation): string {
  return JSON.stringify({
    edge,
    position: formatPosition(position),
    runId,
    applied: encodeCounts(applied),
  });
}

/** Never throws. Fields that are not known are left out: a newer edge may say more. */
export function decodeConfirmation(json: string): DecodedConfirmation {
  try {
    const raw: unknown = JSON.parse(json);
    if (typeof raw !== "object" || raw === null) return unreadable("must be an object");
    const { edge, position: place, runId, applied }: Readonly<Record<string, unknown>> = { ...raw };
    if (typeof edge !== "string" || edge === "") return unreadable("edge: must be a text, not empty");
    if (typeof runId !== "string") return unreadable("runId: must be a text");
    if (typeof applied !== "string") return unreadable("applied: must be a text");
    const position = typeof place === "string" ? parsePosition(place) : undefined;
    if (position === undefined) return unreadable("position: must be epoch-seq");
    return { kind: "confirmation", confirmation: { edge, position, runId, applied: decodeCounts(applied) } };
  } catch (thrown) {
    return unreadable(describeError(thrown));
  }
}

/** The newest first: `epoch-seq=objects` and a space each. */
export function encodeCounts(counts: readonly PurgeCount[]): string {
  return counts
    .toReversed()
    .map(({ position, objects }) => `${formatPosition(position)}=${objects} `)
    .join("");
}

/** Oldest first, without what is no count: the oldest may have been cut. */
export function decodeCounts(text: string): readonly PurgeCount[] {
  const counts: PurgeCount[] = [];
  for (const [, place = "", objects] of text.matchAll(/(\d+-\d+)=(\d{1,15}) /g)) {
    const position = parsePosition(place);
    if (position !== undefined) counts.push({ position, objects: Number(objects) });
  }
  return counts.reverse();
}

function unreadable(reason: string): DecodedConfirmation {
  return { kind: "unreadable", reason: `a confirmation: ${reason}` };
}
