/** One look at one program. */
export interface Sample {
  readonly program: string;
  readonly pid: number;
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

/** What the run saw, in sums. */
export interface Tally {
  readonly violations: number;
  /** Requests without an answer that nothing excuses. */
  readonly lost: number;
}

/** The medians of the settled first part and of the last part, of a program that ran throughout. */
export interface Growth {
  readonly program: string;
  readonly residentBytes: readonly [first: number, last: number];
  readonly descriptors: readonly [first: number, last: number];
}

export type Verdict =
  | { readonly kind: "held"; readonly growth: readonly Growth[] }
  /** Nothing was broken, and nothing can be said of growth. */
  | { readonly kind: "too-short"; readonly neededMs: number }
  | { readonly kind: "broken"; readonly why: readonly string[]; readonly growth: readonly Growth[] };

// Until then the store fills, code is compiled and heaps find their size.
export const SETTLING_MS = 10 * 60_000;
// Of the rest, a quarter each is compared. A part needs five minutes, or a median says little.
const PARTS = 4;
const SHORTEST_PART_MS = 5 * 60_000;
/** A shorter run tells nothing of growth. */
export const SHORTEST_JUDGED_MS = SETTLING_MS + PARTS * SHORTEST_PART_MS;

const MIB = 2 ** 20;
/**
 * V8 gives memory back when it likes, so that medians of one program differ by some MiB. Between the middles of the two
 * parts of a run of two hours, a router forwards half a million requests and the edge with the fewest answers 60,000:
 * 50 bytes that are kept of each one are too many at the router, and 400 at that edge.
 */
export const MOST_GROWTH_BYTES = 24 * MIB;
// The connections of a few clients, of the router and of the log come and go; a descriptor that is forgotten at each of
// several hundred operations does not fit.
export const MOST_NEW_DESCRIPTORS = 20;

/** Of a run of `ms`. A program with another process id in between is not judged: what it held went with it. */
export function verdictOf(tally: Tally, samples: readonly Sample[], ms: number): Verdict {
  const growth = ms < SHORTEST_JUDGED_MS ? [] : growthsOf(samples, ms);
  const why = [
    ...(tally.violations > 0 ? [`${tally.violations} violations`] : []),
    ...(tally.lost > 0 ? [`${tally.lost} lost requests`] : []),
    ...growth.flatMap(excesses),
  ];
  if (why.length > 0) return { kind: "broken", why, growth };
  return ms < SHORTEST_JUDGED_MS
    ? { kind: "too-short", neededMs: SHORTEST_JUDGED_MS }
    : { kind: "held", growth };
}

function growthsOf(samples: readonly Sample[], ms: number): readonly Growth[] {
  const part = (ms - SETTLING_MS) / PARTS;
  return [...Map.groupBy(samples, ({ program }) => program)].flatMap(([program, all]) => {
    if (new Set(all.map(({ pid }) => pid)).size !== 1) return [];
    const first = all.filter(({ at }) => at >= SETTLING_MS && at < SETTLING_MS + part);
    const last = all.filter(({ at }) => at >= ms - part);
    if (first.length === 0 || last.length === 0) return [];
    const medians = (of: (sample: Sample) => number) =>
      [median(first.map(of)), median(last.map(of))] as const;
    return [
      {
        program,
        residentBytes: medians(({ residentBytes }) => residentBytes),
        descriptors: medians(({ descriptors }) => descriptors),
      },
    ];
  });
}

function excesses({ program, residentBytes, descriptors }: Growth): readonly string[] {
  const [bytes, more] = [residentBytes[1] - residentBytes[0], descriptors[1] - descriptors[0]];
  return [
    ...(bytes > MOST_GROWTH_BYTES
      ? [`${program} grew by ${(bytes / MIB).toFixed(1)} MiB, more than ${MOST_GROWTH_BYTES / MIB} MiB`]
      : []),
    ...(more > MOST_NEW_DESCRIPTORS
      ? [`${program} has ${more} open descriptors more, more than ${MOST_NEW_DESCRIPTORS}`]
      : []),
  ];
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
