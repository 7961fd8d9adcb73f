import { drawn } from "./element.js";

/** @typedef {"hit" | "miss" | "stale" | "revalidated" | "bypass" | "error"} Outcome */

/**
 * How each outcome looks: a letter, and a shape in a box from -8 to 8. So no outcome is told by its colour alone.
 * @type {Readonly<Record<Outcome, { letter: string, path: string, words: string }>>}
 */
export const OUTCOMES = {
  hit: {
    letter: "H",
    path: "M0-8A8 8 0 1 1 0 8A8 8 0 1 1 0-8Z",
    words: "answered from the cache",
  },
  miss: { letter: "M", path: "M0-9.5L9.5 0L0 9.5L-9.5 0Z", words: "fetched from the origin" },
  stale: { letter: "S", path: "M0-9.5L9.5 7.5H-9.5Z", words: "answered from the cache, though stale" },
  revalidated: {
    letter: "R",
    path: "M-4.6-8H4.6L9.2 0L4.6 8H-4.6L-9.2 0Z",
    words: "the origin confirmed what was stored",
  },
  bypass: { letter: "B", path: "M-7.5-7.5H7.5V7.5H-7.5Z", words: "passed to the origin, not cached" },
  error: {
    letter: "E",
    path: "M-3.4-8.2H3.4L8.2-3.4V3.4L3.4 8.2H-3.4L-8.2 3.4V-3.4Z",
    words: "the edge answered with an error",
  },
};

export const OUTCOME_NAMES = /** @type {readonly Outcome[]} */ (Object.keys(OUTCOMES));

/** An outcome of a later version counts as an error, so that it is seen. @returns {Outcome} */
export function outcomeOf(/** @type {string} */ word) {
  return OUTCOME_NAMES.find((name) => name === word) ?? "error";
}

/** The sign as a group around 0, 0. */
export function outcomeShape(/** @type {Outcome} */ outcome) {
  const { letter, path } = OUTCOMES[outcome];
  return drawn(
    "g",
    { class: `sign ${outcome}` },
    drawn("path", { d: path }),
    drawn("text", { "text-anchor": "middle", y: outcome === "stale" ? 5 : 3.4 }, letter),
  );
}

/** The sign beside a word, which says the same to those who hear the page. */
export function outcomeSign(/** @type {Outcome} */ outcome) {
  return drawn(
    "svg",
    { viewBox: "-10 -10 20 20", class: "sign-box", "aria-hidden": "true" },
    outcomeShape(outcome),
  );
}
