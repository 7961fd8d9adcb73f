import { CounterWindow } from "./counter-window.js";
import { DemoControls } from "./demo-controls.js";
import { EdgeList, othersOf } from "./edge-list.js";
import { byId, element, setText } from "./element.js";
import { ExplainForm } from "./explain-form.js";
import { Feed } from "./feed.js";
import { ageText, clockText } from "./figure-text.js";
import { FleetPicture } from "./fleet-picture.js";
import { KeyFigures } from "./key-figures.js";
import { LatencyChart } from "./latency-chart.js";
import { LatencyWindow } from "./latency-window.js";
import { LiveTail } from "./live-tail.js";
import { LogIn } from "./log-in.js";
import { PurgeForm } from "./purge-form.js";
import { PurgeList } from "./purge-list.js";
import { RequestFlow } from "./request-flow.js";
import { Tabs } from "./tabs.js";
import { prepareTheme } from "./theme-button.js";
import { TopUrls } from "./top-urls.js";

/** @typedef {import("./fleet-event.js").LiveEdge} LiveEdge */
/** @typedef {import("./fleet-event.js").Percentiles} Percentiles */

const counters = new CounterWindow();
const waits = new LatencyWindow();
const picture = new FleetPicture();
const flow = new RequestFlow(picture);
const figures = new KeyFigures();
const edges = new EdgeList();
const chart = new LatencyChart();
const tail = new LiveTail();
const topUrls = new TopUrls();
const purges = new PurgeList();
const purgeForm = new PurgeForm();
const tabs = new Tabs();
const demo = new DemoControls();
new ExplainForm();
prepareTheme(() => chart.redraw());

/** Why the counters of an edge are missing. @type {Map<string, string>} */
const lost = new Map();
/** @type {ReadonlyMap<string, string>} */
let states = new Map();
let fleetAt = 0;

const feed = new Feed({ heard, changed });
const login = new LogIn(() => feed.open());
byId("again").addEventListener("click", () => feed.open());
setInterval(tellLink, 1000);

/** @param {string} name @param {any} data */
function heard(name, data) {
  switch (name) {
    case "hello":
      greet(data);
      break;
    case "fleet":
      showFleet(data.at, data.edges);
      break;
    case "requests":
      flow.show(data.edge, data.requests);
      tail.add(data.edge, data.requests, data.passedOver ?? 0);
      break;
    case "purge":
      purges.add(data);
      purgeForm.heard(data);
      break;
    case "top":
      topUrls.show(data.by ?? {});
      break;
    case "lost":
      lost.set(data.edge, data.why);
      break;
  }
}

/** @param {{ router: string, version: string, readOnly: boolean, demo: boolean, links?: Record<string, string>, mayLogIn?: boolean }} hello */
function greet({ router, version, readOnly, demo: isDemo, links = {}, mayLogIn = false }) {
  setText(byId("router"), `${router} · ${version}`);
  byId("read-only").hidden = !readOnly;
  byId("log-in").hidden = !mayLogIn;
  byId("purge-form").hidden = readOnly;
  byId("tab-demo").hidden = !isDemo || readOnly;
  const anchors = Object.entries(links).map(([words, href]) => element("a", { href }, words));
  byId("places").replaceChildren(...anchors);
  byId("places").hidden = anchors.length === 0;
  // The history comes again, the oldest first.
  purges.clear();
  tabs.restore();
}

/** @param {number} at @param {readonly LiveEdge[]} fleet */
function showFleet(at, fleet) {
  fleetAt = performance.now();
  counters.add(at, fleet);
  const latencies = new Map(
    fleet.flatMap(({ edge, stats }) => {
      const shown = stats?.waits && waits.add(at, edge, stats.waits);
      return shown ? [/** @type {const} */ ([edge, shown])] : [];
    }),
  );
  const others = othersOf(fleet);
  for (const { edge, stats } of fleet) if (stats !== null) lost.delete(edge);
  edges.show(
    fleet.map((edge) => ({
      ...edge,
      rate: edge.stats === null ? undefined : counters.rate("requests", edge.edge),
      latencyShown: latencies.get(edge.edge),
      lost: lost.get(edge.edge),
      isOther: others.has(edge.edge),
    })),
  );
  picture.show(fleet);
  flow.count({
    hit: counters.rate("hits"),
    miss: counters.rate("misses"),
    stale: counters.rate("stale"),
    revalidated: counters.rate("revalidated"),
    bypass: counters.rate("bypass"),
    error: counters.rate("errors"),
  });
  chart.add({ at, edges: latencies });
  const slowest = [...latencies.values()].map(({ p90Ms }) => p90Ms);
  figures.show(counters, slowest.length === 0 ? undefined : Math.max(...slowest));
  tail.setEdges(fleet.map(({ edge }) => edge));
  demo.setEdges(fleet.map(({ edge }) => edge));
  announce(fleet);
}

/** Only what changes the fleet is told aloud. @param {readonly LiveEdge[]} fleet */
function announce(fleet) {
  const now = new Map(fleet.map(({ edge, state }) => [edge, state]));
  const news = [...now].filter(([edge, state]) => states.has(edge) && states.get(edge) !== state);
  if (news.length > 0)
    setText(byId("announcements"), news.map(([edge, state]) => `${edge} is ${state}.`).join(" "));
  states = now;
}

/** @param {import("./feed.js").LinkState} state */
function changed(state) {
  if (state === "login") login.ask(true);
  if (state === "live") setText(byId("announcements"), "Connected.");
  tellLink();
}

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  cut: "Cut off",
  login: "Not logged in",
  full: "Too many watch",
};

/** Says how old the figures are, as long as no new ones come. */
function tellLink() {
  const { state } = feed;
  const link = byId("link");
  link.dataset.link = state;
  setText(link, WORDS[state]);
  const isCut = state === "cut" || state === "full";
  document.body.classList.toggle("is-cut", isCut && fleetAt > 0);
  byId("banner").hidden = !isCut;
  if (!isCut) return;
  const why =
    state === "full" ? "As many pages watch this router as it serves." : "The router does not answer.";
  const age = performance.now() - fleetAt;
  const old =
    fleetAt === 0 ? "" : ` The figures are from ${clockText(Date.now() - age)}, ${ageText(age)} ago.`;
  setText(byId("banner-text"), `${why}${old} The page tries again by itself.`);
}
