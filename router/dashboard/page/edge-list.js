import { stateSign } from "./edge-state.js";
import { byId, element, setText } from "./element.js";
import { bytesText, msText, numberText, shareText, UNKNOWN, visibleText } from "./figure-text.js";
import { leaseLength } from "./lease-length.js";
import { Table } from "./table.js";

/** @typedef {import("./fleet-event.js").LiveEdge} LiveEdge */
/** @typedef {LiveEdge & { rate: number | undefined, latencyShown: import("./fleet-event.js").Percentiles | undefined, lost: string | undefined, isOther: boolean }} ShownEdge */

const NONE = "No edge is known. The router looks for edges; each that starts appears here.";

// The warning that the edges give has the same days.
const FEW_DAYS = 14;

/** @type {import("./table.js").Column<ShownEdge>} */
const NAME = {
  title: "Edge",
  cell: ({ edge, state }) =>
    element("span", { class: "sign-word" }, stateSign(state), element("b", {}, edge), ` ${state}`),
  sameAs: ({ edge, state }) => `${edge} ${state}`,
};

/** The edges twice: what changes each second beside the picture, everything in the panel. */
export class EdgeList {
  constructor() {
    // A large fleet is longer than the room that it has: then the arrow keys scroll.
    byId("edges").tabIndex = 0;
    /** @type {Table<ShownEdge>} */
    this.short = new Table(
      byId("edge-list"),
      "Edges: state, round trip, requests, lease and place in the purge log",
      [
        NAME,
        { title: "RTT", cell: ({ rttMs }) => msText(rttMs), kind: "number" },
        {
          title: "Requests",
          cell: ({ rate }) => (rate === undefined ? UNKNOWN : `${numberText(rate)}/s`),
          kind: "number",
        },
        { title: "Share", cell: ({ share }) => `${Math.round(share * 100)} %`, kind: "number" },
        {
          title: "Lease",
          cell: (row) => leaseOf(row),
          sameAs: ({ leaseLeftMs }) => String(leaseLeftMs === null ? null : Math.round(leaseLeftMs / 50)),
        },
        { title: "Lag", cell: ({ lagMs }) => msText(lagMs), kind: "number" },
        { title: "Position", cell: ({ position }) => position ?? UNKNOWN, kind: "code" },
      ],
      ({ edge }) => edge,
    );
    /** @type {Table<ShownEdge>} */
    this.long = new Table(
      byId("detail-rows"),
      "Edges: versions, settings, certificates, store",
      [
        NAME,
        { title: "Version", cell: ({ version }) => version || UNKNOWN },
        {
          title: "Settings",
          cell: ({ config, isOther }) =>
            element(
              "span",
              {},
              element("code", {}, config || UNKNOWN),
              isOther ? element("b", { class: "flag" }, " ≠ differs") : "",
            ),
          sameAs: ({ config, isOther }) => `${config} ${isOther}`,
        },
        { title: "Certificate", cell: ({ stats }) => daysText(stats?.certificateDaysLeft) },
        {
          title: "Latency p50 / p99",
          cell: ({ latencyShown }) =>
            latencyShown === undefined
              ? UNKNOWN
              : `${msText(latencyShown.p50Ms)} / ${msText(latencyShown.p99Ms)}`,
          kind: "number",
        },
        { title: "Hit ratio", cell: ({ stats }) => shareText(ratioOf(stats)), kind: "number" },
        {
          title: "Stored",
          cell: ({ stats }) =>
            stats === null ? UNKNOWN : `${numberText(stats.objects)} · ${bytesText(stats.bytes)}`,
          kind: "number",
        },
        {
          title: "In flight",
          cell: ({ inFlight }) => (inFlight === null ? UNKNOWN : String(inFlight)),
          kind: "number",
        },
        { title: "Loop delay", cell: ({ loopDelayMs }) => msText(loopDelayMs), kind: "number" },
        {
          title: "Runs for",
          cell: ({ stats }) => (stats === null ? UNKNOWN : uptimeText(stats.uptimeMs)),
          kind: "number",
        },
        {
          title: "Notes",
          cell: ({ why, lost }) => why ?? (lost === undefined ? "" : `Counters lost: ${lost}`),
          kind: "wide",
        },
      ],
      ({ edge }) => edge,
    );
  }

  /** @param {readonly ShownEdge[]} edges */
  show(edges) {
    this.short.show(edges, NONE);
    this.long.show(edges, NONE);
    setText(byId("differences"), differences(edges));
    const notes = edges.flatMap(({ edge, why }) => (why === null ? [] : [`${edge}: ${why}.`]));
    setText(byId("edge-notes"), visibleText(notes.join(" ")));
  }
}

/** Those whose settings or version are not those of the most. @param {readonly LiveEdge[]} edges */
export function othersOf(edges) {
  const known = edges.filter(({ config, version }) => config !== null && version !== null);
  const kind = (/** @type {LiveEdge} */ { config, version }) => `${version} ${config}`;
  const counts = Map.groupBy(known, kind);
  const [most] = [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  return new Set(known.filter((edge) => kind(edge) !== most).map(({ edge }) => edge));
}

/** @param {readonly ShownEdge[]} edges */
function differences(edges) {
  if (edges.length === 0) return "";
  const others = edges.filter(({ isOther }) => isOther).map(({ edge }) => edge);
  return others.length === 0
    ? "All edges that tell it have the same version and settings."
    : `Another version or other settings than most edges have: ${others.join(", ")}.`;
}

/** @param {LiveEdge} edge */
function leaseOf({ edge, leaseLeftMs }) {
  if (leaseLeftMs === null) return element("span", {}, UNKNOWN);
  const whole = leaseLength({ edge, leaseLeftMs });
  const bar = element("meter", {
    min: "0",
    max: String(whole),
    low: String(whole / 4),
    value: String(leaseLeftMs),
    "aria-label": "Lease left",
  });
  return element(
    "span",
    { class: "lease-left" },
    bar,
    leaseLeftMs <= 0 ? "ended" : `${(leaseLeftMs / 1000).toFixed(1)} s`,
  );
}

/** @param {import("./fleet-event.js").EdgeStats | null} stats */
function ratioOf(stats) {
  if (stats === null || stats.requests === 0) return undefined;
  return (stats.hits + stats.stale + stats.revalidated) / stats.requests;
}

/** @param {number | null | undefined} days */
function daysText(days) {
  if (days === null || days === undefined) return UNKNOWN;
  if (days < 0) return "ended";
  return days < FEW_DAYS ? `only ${Math.floor(days)} days` : `${Math.floor(days)} days`;
}

/** @param {number} ms */
function uptimeText(ms) {
  const minutes = ms / 60_000;
  if (minutes < 2) return `${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
