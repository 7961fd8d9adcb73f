import { drawn } from "./element.js";

/** @typedef {"serving" | "lapsed" | "draining" | "down"} EdgeState */

/** @type {Readonly<Record<EdgeState, { mark: string, words: string }>>} */
export const STATES = {
  serving: { mark: "M-4 .5L-1.2 3.4L4.2-3.2", words: "serving" },
  lapsed: { mark: "M0-5V1M0 4V4.4", words: "lapsed: it validates before it serves" },
  draining: { mark: "M0-4.5V4M-3.5 1L0 4.5L3.5 1", words: "draining" },
  down: { mark: "M-3.6-3.6L3.6 3.6M-3.6 3.6L3.6-3.6", words: "down" },
};

/** The sign of a state around 0, 0: a tick, an exclamation mark, an arrow, a cross. */
export function stateShape(/** @type {EdgeState} */ state) {
  return drawn(
    "g",
    { class: `state ${state}` },
    drawn("circle", { r: 9 }),
    drawn("path", { d: STATES[state].mark }),
  );
}

export function stateSign(/** @type {EdgeState} */ state) {
  return drawn(
    "svg",
    { viewBox: "-10 -10 20 20", class: "sign-box", "aria-hidden": "true" },
    stateShape(state),
  );
}
