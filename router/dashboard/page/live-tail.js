import { cacheStatusWords } from "./cache-status-words.js";
import { byId, element, fieldOf, setText } from "./element.js";
import { bytesText, clockText, msText, numberText, UNKNOWN, visibleText } from "./figure-text.js";
import { OUTCOME_NAMES, outcomeOf, outcomeSign } from "./outcome-sign.js";
import { Table } from "./table.js";

/** @typedef {import("./fleet-event.js").SeenRequest} SeenRequest */
/** @typedef {SeenRequest & { edge: string, key: string }} TailRow */

const MOST_KEPT = 500;
const MOST_SHOWN = 60;
// Where the whole page scrolls, what stands below the tail must stay in reach.
const FEW_SHOWN = 15;
const isOneScreen = matchMedia("(min-width: 1100px) and (min-height: 760px)");

// Rows that move faster than this nobody reads.
const SHOW_EVERY_MS = 500;

/** Requests as they are answered: a sample, the newest first. */
export class LiveTail {
  constructor() {
    this.form = /** @type {HTMLFormElement} */ (byId("tail-form"));
    this.pause = byId("pause");
    /** @type {TailRow[]} */
    this.kept = [];
    /** What came while the tail is paused. @type {TailRow[]} */
    this.waiting = [];
    this.passedOver = 0;
    this.number = 0;
    this.isDirty = false;
    /** @type {Table<TailRow>} */
    this.table = new Table(
      byId("tail-rows"),
      "Requests as they are answered, the newest first",
      [
        {
          title: "Time",
          cell: ({ time }) => (time === null ? UNKNOWN : clockText(Date.parse(time))),
          kind: "number",
        },
        {
          title: "Outcome",
          cell: ({ outcome }) =>
            element("span", { class: "sign-word" }, outcomeSign(outcomeOf(outcome)), outcome),
          sameAs: ({ outcome }) => outcome,
        },
        { title: "Status", cell: ({ status }) => String(status), kind: "number" },
        { title: "Request", cell: (row) => details(row), sameAs: ({ key }) => key, kind: "wide" },
        { title: "Edge", cell: ({ edge }) => edge },
        { title: "Took", cell: ({ durationMs }) => msText(durationMs), kind: "number" },
        { title: "Bytes", cell: ({ bytes }) => bytesText(bytes), kind: "number" },
      ],
      ({ key }) => key,
    );
    for (const outcome of OUTCOME_NAMES) byId("tail-outcome").append(element("option", {}, outcome));
    this.form.addEventListener("input", () => this.show());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.pause.addEventListener("click", () => this.setPaused(!this.isPaused));
    setInterval(() => {
      if (this.isDirty && !byId("tail").hidden && !document.hidden) this.show();
    }, SHOW_EVERY_MS);
    this.show();
  }

  get isPaused() {
    return this.pause.getAttribute("aria-pressed") === "true";
  }

  /** @param {boolean} isPaused */
  setPaused(isPaused) {
    this.pause.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) {
      this.keep(this.waiting);
      this.waiting = [];
    }
    this.show();
  }

  /** @param {readonly string[]} edges */
  setEdges(edges) {
    const select = byId("tail-edge");
    const known = [...select.children].map(({ textContent }) => textContent);
    for (const edge of edges) if (!known.includes(edge)) select.append(element("option", {}, edge));
  }

  /** @param {string} edge @param {readonly SeenRequest[]} requests @param {number} passedOver */
  add(edge, requests, passedOver) {
    this.passedOver += passedOver;
    const rows = requests.map((request) => {
      this.number += 1;
      return { ...request, edge, key: String(this.number) };
    });
    if (this.isPaused) this.waiting = [...rows.toReversed(), ...this.waiting].slice(0, MOST_KEPT);
    else this.keep(rows.toReversed());
    this.isDirty = true;
  }

  /** @param {readonly TailRow[]} rows the newest first */
  keep(rows) {
    this.kept = [...rows, ...this.kept].slice(0, MOST_KEPT);
  }

  show() {
    this.isDirty = false;
    const [outcome, edge, text] = ["outcome", "edge", "text"].map((name) => fieldOf(this.form, name));
    const rows = this.kept
      .filter((row) => (outcome === "" || row.outcome === outcome) && (edge === "" || row.edge === edge))
      .filter(({ url }) => url.includes(text ?? ""));
    this.table.show(
      rows.slice(0, isOneScreen.matches ? MOST_SHOWN : FEW_SHOWN),
      this.kept.length === 0
        ? "Waiting for a request. Each that the edges answer appears here."
        : "No request that was seen fits the filter.",
    );
    const more = this.passedOver === 0 ? "" : `, ${numberText(this.passedOver)} not shown`;
    setText(
      byId("tail-count"),
      this.isPaused
        ? `Paused: ${this.waiting.length} wait`
        : `A sample: ${numberText(this.number)} seen${more}`,
    );
    setText(this.pause, this.isPaused ? "Go on" : "Pause");
  }
}

/** @param {TailRow} row */
function details(row) {
  const { method, url, reason, mend, cacheStatus, client, site, protocol, requestId, rules, originMs } = row;
  const why = reason || cacheStatusWords(cacheStatus);
  const facts = [
    ["Cache-Status", cacheStatus],
    ["In words", cacheStatusWords(cacheStatus)],
    ["Mend it with", mend],
    ["Origin took", originMs > 0 ? msText(originMs) : ""],
    ["Client", client],
    ["Site", site],
    ["Protocol", protocol],
    ["Request id", requestId],
    ["Rules", (rules ?? []).join(", ")],
  ].filter(([, value]) => value !== "" && value !== undefined);
  return element(
    "details",
    {},
    element(
      "summary",
      {},
      element("span", { class: "method" }, visibleText(method)),
      element("bdi", { class: "url", dir: "ltr" }, visibleText(url)),
      element("span", { class: "quiet why" }, visibleText(why)),
    ),
    element(
      "dl",
      { class: "facts" },
      element(
        "div",
        {},
        element("dt", {}, "URL"),
        element("dd", {}, element("code", { dir: "ltr" }, visibleText(url))),
      ),
      ...facts.map(([name = "", value = ""]) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, visibleText(value))),
      ),
    ),
  );
}
