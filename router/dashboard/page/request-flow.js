import { byId, element, setText } from "./element.js";
import { numberText } from "./figure-text.js";
import { OUTCOME_NAMES, OUTCOMES, outcomeOf, outcomeShape, outcomeSign } from "./outcome-sign.js";

/** @typedef {import("./fleet-event.js").SeenRequest} SeenRequest */
/** @typedef {import("./outcome-sign.js").Outcome} Outcome */
/** @typedef {import("./fleet-picture.js").FleetPicture} FleetPicture */

// More hide each other. The counters beside the picture count them all.
const MOST_DOTS = 24;
const LEG_MS = 650;
const FADE_MS = 350;
// What a batch brings is spread over the time until the next one.
const SPREAD_MS = 900;

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Requests on their way through the picture, and how many there are of each outcome. */
export class RequestFlow {
  /** @param {FleetPicture} picture */
  constructor(picture) {
    this.picture = picture;
    this.dots = 0;
    /** @type {Map<Outcome, HTMLElement>} */
    this.rates = new Map();
    for (const outcome of OUTCOME_NAMES) {
      const rate = element("span", { class: "rate" }, "–");
      this.rates.set(outcome, rate);
      byId("legend").append(
        element("li", { title: OUTCOMES[outcome].words }, outcomeSign(outcome), ` ${outcome} `, rate),
      );
    }
  }

  /** @param {Readonly<Record<Outcome, number | undefined>>} rates a second */
  count(rates) {
    for (const [outcome, node] of this.rates) {
      const rate = rates[outcome];
      setText(node, rate === undefined ? "–" : `${numberText(rate)}/s`);
    }
  }

  /** @param {string} edge @param {readonly SeenRequest[]} requests */
  show(edge, requests) {
    if (still.matches || document.hidden) return;
    const room = Math.max(0, MOST_DOTS - this.dots);
    for (const [at, { outcome }] of requests.slice(0, room).entries()) {
      this.send(edge, outcomeOf(outcome), (at * SPREAD_MS) / Math.max(1, Math.min(requests.length, room)));
    }
  }

  /** @param {string} edge @param {Outcome} outcome @param {number} delay */
  send(edge, outcome, delay) {
    const way = this.picture.way(edge);
    if (way === undefined) return;
    const dot = outcomeShape(outcome);
    dot.style.opacity = "0";
    this.picture.flow.append(dot);
    this.dots += 1;
    const asksOrigin = outcome === "miss" || outcome === "bypass" || outcome === "revalidated";
    const stops = asksOrigin ? [way.from, way.edge, way.beyond, way.origin] : [way.from, way.edge];
    const duration = (asksOrigin ? 2 * LEG_MS : LEG_MS) + FADE_MS;
    const places = stops.map(({ x, y }) => `translate(${x}px, ${y}px) scale(0.75)`);
    const last = places.at(-1) ?? "";
    const frames = [...places, last].map((transform, at) => ({
      transform,
      opacity: at === 0 || at === places.length ? 0 : 1,
    }));
    dot.animate(frames, { duration, delay, easing: "ease-in-out" }).finished.then(
      () => this.remove(dot),
      () => this.remove(dot),
    );
  }

  /** @param {Element} dot */
  remove(dot) {
    dot.remove();
    this.dots -= 1;
  }
}
