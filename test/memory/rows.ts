/** One kind of response that fills a store in its own way. */
export interface MemoryRow {
  readonly name: string;
  readonly bodyBytes: number;
  /** Field lines of the origin's answer to request `n`, each with its line end. */
  readonly originLines?: (n: number) => string;
  readonly target?: (n: number) => string;
  /** Field lines of request `n`. */
  readonly clientLines?: (n: number) => string;
  /** The least that one of them costs an edge, in bytes: so many fill a store. */
  readonly leastCost: number;
  /** Whether `npm test` fills an edge with it. `npm run memory` takes all. */
  readonly tested?: true;
}

const KIB = 1024;

/** Different for each `n`, of the given length. */
function made(n: number, length: number): string {
  return String(n).padStart(10, "0").padEnd(length, "x");
}

function repeated(times: number, line: (i: number) => string): string {
  return Array.from({ length: times }, (_, i) => `${line(i)}\r\n`).join("");
}

/** What clients and origins can make a store hold. */
export const MEMORY_ROWS: readonly MemoryRow[] = [
  { name: "bodies of 1 KiB", bodyBytes: KIB, leastCost: 2 * KIB },
  { name: "bodies of 16 KiB", bodyBytes: 16 * KIB, leastCost: 17 * KIB, tested: true },
  { name: "bodies of 1 MiB", bodyBytes: KIB * KIB, leastCost: KIB * KIB, tested: true },
  { name: "bodies of one byte", bodyBytes: 1, leastCost: KIB },
  {
    name: "1 KiB behind URLs of 7,000 characters",
    bodyBytes: KIB,
    target: (n) => `/${made(n, 7_000)}`,
    leastCost: 9 * KIB,
  },
  {
    name: "variants by 3,900 characters that clients make up",
    bodyBytes: 1,
    // As many variants as one URL may have.
    target: (n) => `/${Math.floor(n / 16)}`,
    originLines: () => "Vary: Accept-Language\r\n",
    clientLines: (n) => `Accept-Language: ${made(n, 3_900)}\r\n`,
    leastCost: 5 * KIB,
  },
  {
    name: "100 tags of its own each",
    bodyBytes: 1,
    originLines: (n) => `Surrogate-Key: ${Array.from({ length: 100 }, (_, i) => `t${n}-${i}`).join(" ")}\r\n`,
    leastCost: 10 * KIB,
    tested: true,
  },
  {
    name: "900 fields each",
    bodyBytes: 1,
    originLines: () => repeated(900, () => "a: b"),
    leastCost: 10 * KIB,
  },
  {
    name: "900 names each",
    bodyBytes: 1,
    originLines: (n) => repeated(900, (i) => `n${(n + i) % 3_000}: b`),
    leastCost: 10 * KIB,
  },
];
