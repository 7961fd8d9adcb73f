/** What became of the latest Pings to one edge: one bit each, the newest lowest, 1 for lost. */
export interface PingLoss {
  readonly lost: number;
  /** How many Pings the bits stand for, 32 at most. */
  readonly pings: number;
}

// As many as one number has bits: the last 8 s.
const MOST_PINGS = 32;

export const NO_PINGS: PingLoss = { lost: 0, pings: 0 };

/** `isLost`: it was not answered, or so late that a packet of it must have been lost. */
export function notePing({ lost, pings }: PingLoss, isLost: boolean): PingLoss {
  return { lost: ((lost << 1) | Number(isLost)) >>> 0, pings: Math.min(MOST_PINGS, pings + 1) };
}

/** Share of the latest Pings that were lost, from 0 to 1. */
export function lossOf(loss: PingLoss): number {
  return loss.pings === 0 ? 0 : countBits(loss.lost) / loss.pings;
}

/** The same without one of them: any connection loses a packet now and then, and that says nothing yet. */
export function provenLossOf({ lost }: PingLoss): number {
  return Math.max(0, countBits(lost) - 1) / MOST_PINGS;
}

/** How far chance alone may have moved that share: one deviation of a count is its root. */
export function lossNoiseOf({ lost }: PingLoss): number {
  return Math.sqrt(Math.max(0, countBits(lost) - 1)) / MOST_PINGS;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
