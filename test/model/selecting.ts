import { fieldOf, type Lines, membersOf } from "./message.ts";
import type { Snapshot } from "./snapshot.ts";

// RFC 9111 section 4.1 allows what is known to mean the same: for these, order and case say nothing.
const UNORDERED = new Set(["accept", "accept-encoding", "accept-language"]);

/**
 * RFC 9111 section 4.1: whether the snapshot may answer a request with these fields. After an update, the request
 * that the update answered selected it as well as the first.
 */
export function selects(snapshot: Snapshot, asking: Lines): boolean {
  const names = membersOf(snapshot.fields, "Vary").map((name) => name.toLowerCase());
  if (names.includes("*")) return false;
  return snapshot.made.some(({ request, cause }) =>
    [request, cause?.fields ?? request].some((selecting) =>
      names.every((name) => meaning(selecting, name) === meaning(asking, name)),
    ),
  );
}

function meaning(fields: Lines, name: string): string | undefined {
  if (fieldOf(fields, name) === undefined) return undefined;
  const members = membersOf(fields, name).map((member) => member.replace(/\s*;\s*/g, ";"));
  return UNORDERED.has(name)
    ? members
        .map((member) => member.toLowerCase())
        .sort()
        .join(",")
    : members.join(",");
}
