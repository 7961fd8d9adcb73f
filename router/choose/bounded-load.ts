// Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads": no edge above 1.25 times the mean.
const TIMES_THE_MEAN = 1.25;

// With few requests about, one more at its owner is cheaper than a second copy elsewhere.
const ALWAYS_TAKES = 8;

/** Whether an edge with `inFlight` requests may take one more, when all `edges` together have `total`. */
export function hasRoom(inFlight: number, total: number, edges: number): boolean {
  return inFlight < Math.max(ALWAYS_TAKES, Math.ceil((TIMES_THE_MEAN * (total + 1)) / edges));
}
