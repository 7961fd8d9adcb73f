/** The results of the latest Pings to one edge: one bit each, 1 for lost; the newest is the lowest bit. */
export interface PingLoss {
  readonly lost: number;
  /** How many bits are in use, 32 at most. */
  readonly pings: number;
}

// The bits of one number: the last 8 s.
const MOST_PINGS = 32;

export const NO_PINGS: PingLoss = { lost: 0, pings: 0 };

/** `isLost`: the Ping got no reply, or one so late that a packet must have been lost. */
export function notePing({ lost, pings }: PingLoss, isLost: boolean): PingLoss {
  return { lost: ((lost << 1) | Number(isLost)) >>> 0, pings: Math.min(MOST_PINGS, pings + 1) };
}

/** Share of the latest Pings that were lost, from 0 to 1. */
export function lossOf(loss: PingLoss): number {
  return loss.pings === 0 ? 0 : countBits(loss.lost) / loss.pings;
}

/** The same share without one of the lost Pings, because any connection loses a packet now and then. */
export function provenLossOf({ lost }: PingLoss): number {
  return Math.max(0, countBits(lost) - 1) / MOST_PINGS;
}

/** The noise of that share: the standard deviation of a count is its root. */
export function lossNoiseOf({ lost }: PingLoss): number {
  return Math.sqrt(Math.max(0, countBits(lost) - 1)) / MOST_PINGS;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
