/** A place in the purge log, written `epoch-seq`. Within an epoch, seq is dense: 0 (the barrier), 1, 2, 3 … */
export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** Before every entry of every log. */
export const BEGINNING: Position = { epoch: 0, seq: 0 };

// 15 digits stay below 2^53, so that a position is exact as two numbers.
const SHAPE = /^(0|[1-9]\d{0,14})-(0|[1-9]\d{0,14})$/;

/** Returns undefined for anything but two decimal numbers of at most 15 digits without leading zeros. */
export function parsePosition(text: string): Position | undefined {
  const match = SHAPE.exec(text);
  return match === null ? undefined : { epoch: Number(match[1]), seq: Number(match[2]) };
}

export function formatPosition(position: Position): string {
  return `${position.epoch}-${position.seq}`;
}

/** Negative when `a` is before `b`, 0 when they are the same place, positive when `a` is after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** Whether nothing can stand between `last` and `next`: rule E1 of the purge protocol. */
export function isNext(last: Position, next: Position): boolean {
  return next.epoch === last.epoch && next.seq === last.seq + 1;
}
