import { byId, drawn, element, setText } from "./element.js";
import { msText } from "./figure-text.js";

/** @typedef {import("./fleet-event.js").Percentiles} Percentiles */
/** @typedef {{ at: number, edges: ReadonlyMap<string, Percentiles> }} Moment */

// Five minutes: what happened a moment ago beside what is usual.
const MOST_MOMENTS = 300;
const HEIGHT = 120;

/** Lines differ by their dashes too. Further edges begin again. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** Latency over time, a line for each edge. */
export class LatencyChart {
  constructor() {
    this.place = byId("chart");
    /** @type {Moment[]} */
    this.moments = [];
    /** @type {keyof Percentiles} */
    this.percentile = "p90Ms";
    /** @type {any} */
    this.plot = undefined;
    this.names = "";
    byId("percentile").addEventListener("change", (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      if (value === "p50Ms" || value === "p90Ms" || value === "p99Ms") this.percentile = value;
      this.draw();
    });
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.place);
    // Not in the way of the first paint.
    // @ts-expect-error The router serves it from the package.
    void import("./uplot.js").then(({ default: uPlot }) => {
      this.uPlot = uPlot;
      this.draw();
    });
  }

  /** @param {Moment} moment */
  add(moment) {
    this.moments = [...this.moments.slice(1 - MOST_MOMENTS), moment];
    this.draw();
  }

  /** In other colours. */
  redraw() {
    this.plot?.destroy();
    this.plot = undefined;
    this.draw();
  }

  draw() {
    const names = [...new Set(this.moments.flatMap(({ edges }) => [...edges.keys()]))].toSorted();
    const data = [
      this.moments.map(({ at }) => at / 1000),
      ...names.map((name) => this.moments.map(({ edges }) => edges.get(name)?.[this.percentile] ?? null)),
    ];
    this.tell(names);
    byId("no-latency").hidden = names.length > 0;
    if (this.uPlot === undefined || names.length === 0) return;
    if (this.names !== names.join("\n")) this.plot?.destroy();
    else if (this.plot !== undefined) return void this.plot.setData(data);
    this.names = names.join("\n");
    this.plot = new this.uPlot(this.options(names), data, this.place);
  }

  size() {
    return { width: Math.max(200, this.place.clientWidth), height: HEIGHT };
  }

  /** @param {readonly string[]} names */
  options(names) {
    const styles = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => styles.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--quiet"),
      font: "11px system-ui, sans-serif",
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 8, 0, 0],
      series: [
        {},
        ...names.map((_name, at) => ({
          stroke: colour(`--line-${at % 4}`),
          width: 1.75,
          dash: DASHES[at % DASHES.length],
          points: { show: false },
        })),
      ],
      axes: [
        { ...axis, space: 80, size: 24, incrs: [1, 2, 5, 10, 30, 60, 120], values: "{HH}:{mm}:{ss}" },
        {
          ...axis,
          size: 56,
          space: 28,
          values: (/** @type {unknown} */ _u, /** @type {number[]} */ ticks) => ticks.map((ms) => msText(ms)),
        },
      ],
      scales: {
        y: {
          range: (/** @type {unknown} */ _u, /** @type {number} */ _least, /** @type {number} */ most) => [
            0,
            Math.max(1, most * 1.15),
          ],
        },
      },
    };
  }

  /** The words beside the lines. @param {readonly string[]} names */
  tell(names) {
    const list = byId("lines");
    while (list.children.length > names.length) list.lastElementChild?.remove();
    const latest = this.moments.at(-1)?.edges;
    for (const [at, name] of names.entries()) {
      const item = list.children[at] ?? list.appendChild(line(at));
      const text = item.lastElementChild;
      if (text !== null) setText(text, `${name} ${msText(latest?.get(name)?.[this.percentile])}`);
    }
  }
}

/** @param {number} at */
function line(at) {
  const dash = DASHES[at % DASHES.length] ?? [];
  const sample = drawn(
    "svg",
    { viewBox: "0 0 24 8", class: `line-sample line-${at % 4}`, "aria-hidden": "true" },
    drawn("path", { d: "M0 4H24", "stroke-dasharray": dash.join(" ") }),
  );
  return element("li", {}, sample, element("span", {}));
}
