const BARS = "▁▂▃▄▅▆▇█";

/** The latest of some figures, one character each, the newest on the right. The highest has a full bar; null has none. */
export function sparkline(figures: readonly (number | null)[], columns: number): string {
  const shown = columns <= 0 ? [] : figures.slice(-columns);
  const highest = Math.max(...shown.map((figure) => figure ?? 0));
  const bars = shown.map((figure) => {
    if (figure === null) return " ";
    const height = highest <= 0 ? 0 : Math.ceil((figure / highest) * (BARS.length - 1));
    return BARS[Math.max(0, height)] ?? " ";
  });
  return bars.join("").padStart(Math.max(0, columns));
}
