/**
 * A place in the purge log, written `epoch-seq`. Within an epoch, seq is dense: 0 (the barrier), 1, 2, 3 …
 * An epoch is about the microseconds since 1970 at which it was opened, and no two openings have the same.
 */
export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** Before every entry of every log. */
export const BEGINNING: Position = { epoch: 0, seq: 0 };

// An epoch has the 16 digits of microseconds since 1970. 15 digits always stay below 2^53.
const SHAPE = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,14})$/;

/**
 * Returns undefined for anything but two decimal numbers without leading zeros, below 2^53 and of at most 15
 * digits, so that a position is exact as two numbers.
 */
export function parsePosition(text: string): Position | undefined {
  const match = SHAPE.exec(text);
  const [epoch, seq] = [Number(match?.[1]), Number(match?.[2])];
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(seq) ? { epoch, seq } : undefined;
}

export function formatPosition(position: Position): string {
  return `${position.epoch}-${position.seq}`;
}

/** Negative when `a` is before `b`, 0 when they are the same place, positive when `a` is after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** Whether no entry can be between `last` and `next`: rule E1 of the purge protocol. */
export function isNext(last: Position, next: Position): boolean {
  return next.epoch === last.epoch && next.seq === last.seq + 1;
}
