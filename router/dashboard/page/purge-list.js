import { stateSign } from "./edge-state.js";
import { byId, element } from "./element.js";
import { clockText, msText, numberText, UNKNOWN, visibleText } from "./figure-text.js";
import { Table } from "./table.js";

/** @typedef {import("./fleet-event.js").PurgeRow} PurgeRow */

const MOST_SHOWN = 50;

/** Purges, the newest first, and what each edge says of them. */
export class PurgeList {
  constructor() {
    /** @type {Map<string, PurgeRow>} */
    this.rows = new Map();
    /** @type {Table<PurgeRow>} */
    this.table = new Table(
      byId("purge-rows"),
      "Purges and their receipts, the newest first",
      [
        {
          title: "Time",
          cell: ({ time }) => (time === null ? UNKNOWN : clockText(Date.parse(time))),
          kind: "number",
        },
        {
          title: "What",
          cell: (row) => element("bdi", { class: "url", dir: "ltr" }, visibleText(targetText(row))),
          sameAs: targetText,
          kind: "wide",
        },
        { title: "Receipts", cell: receipts, sameAs: ({ edges }) => JSON.stringify(edges), kind: "wide" },
        { title: "By", cell: ({ by }) => visibleText(by) },
      ],
      keyOf,
    );
    this.draw();
  }

  /** @param {PurgeRow} row */
  add(row) {
    const key = keyOf(row);
    if (this.rows.has(key)) this.rows.set(key, row);
    else this.rows = new Map([[key, row], ...[...this.rows].slice(0, MOST_SHOWN - 1)]);
    this.draw();
  }

  clear() {
    this.rows.clear();
  }

  draw() {
    this.table.show([...this.rows.values()], "No purge yet.");
  }
}

/** @param {PurgeRow} row */
function keyOf({ position, purgeId }) {
  return `${position} ${purgeId}`;
}

/** @param {PurgeRow} row */
function targetText({ targets, targetCount, soft }) {
  const [first = {}] = targets;
  const [kind = "everything", value] = Object.entries(first).find(([name]) => name !== "site") ?? [];
  const what = kind === "everything" ? "everything" : `${kind} ${value}`;
  const where = first.site === undefined ? "" : ` of ${first.site}`;
  const more = targetCount > 1 ? ` and ${targetCount - 1} more` : "";
  return `${soft ? "soft: " : ""}${what}${where}${more}`;
}

/** @type {Readonly<Record<string, import("./edge-state.js").EdgeState>>} */
const SIGNS = { applied: "serving", fenced: "lapsed", pending: "draining" };

/** @param {PurgeRow} row */
function receipts({ edges }) {
  const items = edges.map(({ edge, state, ms, objects }) => {
    const told = state === "pending" ? "" : ` ${msText(ms)} · ${numberText(objects)}`;
    return element("li", { class: state }, stateSign(SIGNS[state] ?? "down"), `${edge} ${state}${told}`);
  });
  return element("ul", { class: "receipts" }, ...items);
}
