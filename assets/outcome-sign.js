/** @typedef {import("./outcome.js").Kind} Kind */

/**
 * How each outcome looks: a letter, and a shape in a box from -10 to 10. So none is told by its colour alone. The
 * dashboard has the same.
 * @type {Readonly<Record<Kind, { letter: string, path: string }>>}
 */
const SIGNS = {
  hit: { letter: "H", path: "M0-8A8 8 0 1 1 0 8A8 8 0 1 1 0-8Z" },
  miss: { letter: "M", path: "M0-9.5L9.5 0L0 9.5L-9.5 0Z" },
  stale: { letter: "S", path: "M0-9.5L9.5 7.5H-9.5Z" },
  revalidated: { letter: "R", path: "M-4.6-8H4.6L9.2 0L4.6 8H-4.6L-9.2 0Z" },
  bypass: { letter: "B", path: "M-7.5-7.5H7.5V7.5H-7.5Z" },
  failed: { letter: "E", path: "M-3.4-8.2H3.4L8.2-3.4V3.4L3.4 8.2H-3.4L-8.2 3.4V-3.4Z" },
  local: { letter: "C", path: "M-8-2L0-9L8-2V8H-8Z" },
  unknown: { letter: "?", path: "M-9-5H9V5H-9Z" },
};

const SVG = "http://www.w3.org/2000/svg";

/** The sign beside a word, which says the same to those who hear the page. */
export function outcomeSign(/** @type {Kind} */ kind) {
  const { letter, path } = SIGNS[kind];
  const sign = document.createElementNS(SVG, "svg");
  sign.setAttribute("viewBox", "-10 -10 20 20");
  sign.setAttribute("class", "sign");
  sign.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("text-anchor", "middle");
  text.setAttribute("y", kind === "stale" ? "5.4" : "3.6");
  text.textContent = letter;
  sign.append(shape, text);
  return sign;
}
