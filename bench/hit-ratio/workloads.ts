import { SeededRandom } from "../../learn/simulation/seeded-random.ts";

/** Requests in order, by the number of the page that each is for. */
export interface Workload {
  readonly name: string;
  readonly pages: Int32Array;
}

const PAGES = 50_000;
const REQUESTS = 400_000;

/** Page 0 is the most popular, then page 1: the n-th is asked for 1/n^skew times as often as the first. */
function zipf(random: SeededRandom, skew: number): () => number {
  const sums = new Float64Array(PAGES);
  let sum = 0;
  for (let page = 0; page < PAGES; page += 1) {
    sum += 1 / (page + 1) ** skew;
    sums[page] = sum;
  }
  return () => {
    const wanted = random.next() * sum;
    let [from, to] = [0, PAGES - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sums[middle] ?? 0) < wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  };
}

function made(name: string, seed: number, next: (random: SeededRandom) => (n: number) => number): Workload {
  const page = next(new SeededRandom(seed));
  return { name, pages: Int32Array.from({ length: REQUESTS }, (_, n) => page(n)) };
}

const SCAN = 5_000;

export function workloads(seed: number): readonly Workload[] {
  return [
    ...[0.7, 0.9, 1].map((skew) => made(`Zipf ${skew.toFixed(1)}`, seed, (random) => zipf(random, skew))),
    made("scans between", seed, (random) => {
      const popular = zipf(random, 0.9);
      let [next, left] = [PAGES, 0];
      return () => {
        if (left === 0 && random.chance(1 / 20_000)) left = SCAN;
        if (left === 0) return popular();
        left -= 1;
        next += 1;
        return next;
      };
    }),
    made("half asked once", seed, (random) => {
      const popular = zipf(random, 0.9);
      let next = PAGES;
      return () => {
        if (random.chance(0.5)) return popular();
        next += 1;
        return next;
      };
    }),
    made("popularity moves", seed, (random) => {
      const popular = zipf(random, 0.9);
      return (n) => (popular() + Math.floor(n / 200) * 17) % PAGES;
    }),
    made("news", seed, (random) => {
      const ago = zipf(random, 1.2);
      let newest = PAGES;
      return () => {
        if (random.chance(0.3)) newest += 1;
        return Math.max(0, newest - ago());
      };
    }),
  ];
}

const LEAST_SIZE = 1_024;
const MOST_SIZE = 2 ** 20;
const MEDIAN_SIZE = 32 * 1_024;
// Three deviations from the median, in logarithms, are the least and the most.
const DEVIATION = Math.log(MOST_SIZE / LEAST_SIZE) / 6;

/** The bytes of each page, log-normal, never changing. */
export function sizeOf(page: number): number {
  const random = new SeededRandom(page);
  const normal = Math.sqrt(-2 * Math.log(random.next() + 1e-9)) * Math.cos(2 * Math.PI * random.next());
  return Math.round(Math.min(MOST_SIZE, Math.max(LEAST_SIZE, MEDIAN_SIZE * Math.exp(DEVIATION * normal))));
}
