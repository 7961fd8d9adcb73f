/** The one of `known` that `typed` was probably meant to be; undefined when none is near. */
export function suggest(typed: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Two slips, or a third of the word, and never every letter: more would suggest something unrelated.
  let nearest = Math.min(typed.length, Math.max(2, Math.floor(typed.length / 3)) + 1);
  for (const word of known) {
    const distance = editDistance(typed, word);
    if (distance < nearest) [best, nearest] = [word, distance];
  }
  return best;
}

/** Levenshtein distance: letters to insert, delete or replace to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
