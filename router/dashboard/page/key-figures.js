import { byId, drawn, element, setText } from "./element.js";
import { bytesText, msText, numberText, shareText, UNKNOWN } from "./figure-text.js";

/** @typedef {import("./counter-window.js").CounterWindow} CounterWindow */
/** @typedef {import("./counter-window.js").Counts} Counts */

const SPARK = { width: 120, height: 28 };

/** @typedef {{ value: HTMLElement, note: HTMLElement, line: SVGPolylineElement }} Figure */

/** The few figures that say whether the fleet is well. */
export class KeyFigures {
  constructor() {
    this.requests = addFigure("Requests");
    this.hits = addFigure("Hit ratio");
    this.bytes = addFigure("Hit ratio by bytes");
    this.offload = addFigure("Origin offload");
    this.latency = addFigure("Latency p90");
    this.errors = addFigure("Errors");
    /** @type {(number | undefined)[]} */
    this.latencies = [];
  }

  /** @param {CounterWindow} window @param {number | undefined} p90Ms of the slowest edge */
  show(window, p90Ms) {
    const total = window.total();
    const of = (/** @type {(counts: Counts) => number | undefined} */ figure) =>
      window.steps.map(({ all }) => (all.requests === 0 ? undefined : figure(all)));
    const rate = window.rate("requests");
    tell(
      this.requests,
      rate === undefined ? UNKNOWN : `${numberText(rate)}/s`,
      `${numberText(total.requests)} in the last minute`,
    );
    plot(
      this.requests,
      window.steps.map(({ all, ms }) => (1000 * all.requests) / ms),
    );
    tell(this.hits, shareText(hitRatio(total)), "of requests");
    plot(this.hits, of(hitRatio), 1);
    tell(this.bytes, shareText(byteRatio(total)), `of ${bytesText(total.bytesSent)}`);
    plot(this.bytes, of(byteRatio), 1);
    tell(this.offload, shareText(offload(total)), `${numberText(total.fills)} requests to the origin`);
    plot(this.offload, of(offload), 1);
    this.latencies = [...this.latencies.slice(-59), p90Ms];
    tell(this.latency, msText(p90Ms), "at the slowest edge");
    plot(this.latency, this.latencies);
    tell(this.errors, numberText(total.errors), "in the last minute");
    plot(
      this.errors,
      window.steps.map(({ all }) => all.errors),
    );
    this.errors.value.classList.toggle("bad", total.errors > 0);
  }
}

/** @param {Counts} counts */
function hitRatio({ hits, stale, revalidated, requests }) {
  return requests === 0 ? undefined : (hits + stale + revalidated) / requests;
}

/** @param {Counts} counts */
function byteRatio({ hitBytes, bytesSent }) {
  return bytesSent === 0 ? undefined : hitBytes / bytesSent;
}

/** @param {Counts} counts */
function offload({ fills, requests }) {
  return requests === 0 ? undefined : Math.max(0, 1 - fills / requests);
}

/** @param {string} title @returns {Figure} */
function addFigure(title) {
  const value = element("span", { class: "value" }, UNKNOWN);
  const note = element("span", { class: "quiet" });
  const line = drawn("polyline", {});
  const spark = drawn(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${SPARK.width} ${SPARK.height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    line,
  );
  byId("figures").append(
    element("div", { class: "card" }, element("dt", {}, title), element("dd", {}, value, note, spark)),
  );
  return { value, note, line };
}

/** @param {Figure} figure @param {string} text @param {string} words */
function tell({ value, note }, text, words) {
  setText(value, text);
  setText(note, words);
}

/** @param {Figure} figure @param {readonly (number | undefined)[]} values @param {number} [most] */
function plot({ line }, values, most) {
  const top = most ?? Math.max(1e-9, ...values.map((value) => value ?? 0));
  const points = values.flatMap((value, at) => {
    if (value === undefined) return [];
    const x = SPARK.width - (values.length - 1 - at) * (SPARK.width / 59);
    return [
      `${x.toFixed(1)},${(SPARK.height - 2 - (SPARK.height - 4) * Math.min(1, value / top)).toFixed(1)}`,
    ];
  });
  line.setAttribute("points", points.join(" "));
}
