import type { StoredResponse } from "../../store/stored-response.ts";

/** Whether they are of the same fill. There is another object when an encoding has come beside it. */
export function isSameFill(a: StoredResponse, b: StoredResponse): boolean {
  return (
    a.requestTime.monotonic === b.requestTime.monotonic &&
    a.responseTime.monotonic === b.responseTime.monotonic &&
    a.bodyLength === b.bodyLength &&
    isSameVariant(a, b)
  );
}

export function isSameVariant(a: StoredResponse, b: StoredResponse): boolean {
  return JSON.stringify([...a.selecting]) === JSON.stringify([...b.selecting]);
}

/** false too where they lie in other pieces, which is rare. */
export function hasSameBytes(a: StoredResponse, b: StoredResponse): boolean {
  if (a.bodyLength !== b.bodyLength || a.chunks.length !== b.chunks.length) return false;
  return a.chunks.every((chunk, at) => Buffer.compare(chunk, b.chunks[at] ?? NO_BYTES) === 0);
}

const NO_BYTES = new Uint8Array();
