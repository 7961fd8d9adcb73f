// Fits any terminal, together with the figures after it.
const CELLS = 30;

/** One line: `[#####-----] 5 of 10 calls`. */
export function progressBar(done: number, all: number, noun = "calls"): string {
  const full = all === 0 ? CELLS : Math.floor((done / all) * CELLS);
  return `[${"#".repeat(full)}${"-".repeat(CELLS - full)}] ${done} of ${all} ${noun}`;
}
