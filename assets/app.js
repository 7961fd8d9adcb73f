import { createDiagram } from "./diagram.js";
import { EdgesView } from "./edges-view.js";
import { observeFetch, observePage } from "./observe.js";
import {
  edgeOf,
  kindOf,
  provenance,
  refreshesBehind,
  rttOf,
  tell,
  waitedForOrigin,
  wayHere,
} from "./outcome.js";
import { outcomeSign } from "./outcome-sign.js";
import { bytesText, Saved } from "./saved.js";
import { showTries } from "./tries.js";

/** @typedef {import("./observe.js").Observation} Observation */

/** More than these nobody reads. */
const HISTORY_LENGTH = 12;

/** The names that `npm start` gives its edges, from top to bottom. */
const USUAL_EDGES = ["edge-1", "edge-2", "edge-3"];

const diagram = createDiagram(byId("diagram-wide"), byId("diagram-tall"));
const still = matchMedia("(prefers-reduced-motion: reduce)");
const path = /** @type {HTMLSelectElement} */ (byId("path"));

const edges = new EdgesView();
const saved = new Saved();
/** @type {Observation[]} */
let history = [];
let freshUntil = { end: 0, lifetime: 0 };

function byId(/** @type {string} */ id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element with the id ${id}`);
  return found;
}

/** Everything the page says follows from one observation. */
function show(/** @type {Observation} */ seen) {
  const { word, headline, story } = tell(seen);
  const kind = kindOf(seen);
  byId("outcome").dataset.kind = kind;
  byId("badge").textContent = word;
  byId("badge-sign").replaceChildren(outcomeSign(kind));
  byId("headline").textContent = headline;
  byId("story").textContent = story;
  byId("provenance").textContent = provenance(seen);
  const way = wayHere(seen);
  byId("protocol").hidden = way === undefined;
  byId("protocol").textContent = way ?? "";
  for (const entry of byId("words").children) {
    if (!(entry instanceof HTMLElement)) continue;
    if (entry.dataset.kind === kind) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
  }
  diagram.show(wayOf(seen), !still.matches);
  showFields(seen);
  startFreshness(seen);
  saved.note(seen);
  showSaved();
  history = [seen, ...history].slice(0, HISTORY_LENGTH);
  showHistory();
}

/** @returns {import("./diagram.js").Way} */
function wayOf(/** @type {Observation} */ seen) {
  const edge = edgeOf(seen);
  const names =
    edge === undefined || USUAL_EDGES.includes(edge) ? USUAL_EDGES : [edge, "another edge", "another edge"];
  const kind = kindOf(seen);
  return {
    left: kind !== "local",
    routed: seen.fields["X-Served-By"] !== null || edge === undefined,
    edges: names.map((name) => ({ name, notes: edgeNotes(name, edge, kind) })),
    served: edge === undefined ? undefined : names.indexOf(edge),
    origin: originPart(seen),
  };
}

/** @returns {import("./diagram.js").Way["origin"]} */
function originPart(/** @type {Observation} */ seen) {
  if (kindOf(seen) === "unknown") return "unknown";
  if (refreshesBehind(seen)) return "behind";
  return waitedForOrigin(seen) ? "asked" : "not asked";
}

/**
 * @param {string} name
 * @param {string | undefined} served
 * @param {import("./outcome.js").Kind} kind
 */
function edgeNotes(name, served, kind) {
  const notes = edges.notesOf(name);
  return name === served && kind !== "local" ? [kind, ...notes] : notes;
}

function showFields(/** @type {Observation} */ seen) {
  // An edge sends Proxy-Status only with an error: its absence tells nothing.
  const worth = Object.entries(seen.fields).filter(
    ([name, value]) => value !== null || name !== "Proxy-Status",
  );
  const explained = worth.map(([name, value]) => {
    const entry = document.createElement("div");
    const term = document.createElement("dt");
    term.textContent = name;
    const said = document.createElement("dd");
    if (value === null) {
      said.className = "quiet";
      said.textContent = absent(name, seen);
    } else {
      const code = document.createElement("code");
      code.textContent = value;
      said.append(code);
    }
    entry.append(term, said);
    return entry;
  });
  byId("fields").replaceChildren(...explained);
}

function absent(/** @type {string} */ name, /** @type {Observation} */ seen) {
  const direct = seen.cacheStatus !== undefined && seen.fields["X-Served-By"] === null;
  if (name === "X-Served-By" && direct) return "absent: you asked the edge itself, no router";
  if (name === "Age" && kindOf(seen) === "revalidated") return "absent: the origin has just confirmed it";
  if (name === "Age" && waitedForOrigin(seen)) return "absent: it came straight from the origin";
  return "absent";
}

/** Counts down what is left of the freshness lifetime at the edge. */
function startFreshness(/** @type {Observation} */ seen) {
  const age = Number(seen.fields.Age ?? 0);
  const maxAge = /(?:^|[\s,])(?:s-maxage|max-age)=(\d+)/i.exec(seen.fields["Cache-Control"] ?? "")?.[1];
  const left =
    seen.cacheStatus?.ttl ??
    (seen.cacheStatus?.stored && maxAge !== undefined ? Number(maxAge) - age : undefined);
  byId("freshness").hidden = left === undefined || seen.source === "browser-cache";
  if (left === undefined) return;
  freshUntil = { end: performance.now() + left * 1000, lifetime: Math.max(1, left + age) };
  showFreshness();
}

function showFreshness() {
  const left = Math.max(0, Math.round((freshUntil.end - performance.now()) / 1000));
  byId("freshness-bar").style.width = `${(100 * left) / freshUntil.lifetime}%`;
  byId("freshness-text").textContent =
    left > 0
      ? `Fresh at the edge for another ${left} of ${freshUntil.lifetime} s: until then it is a hit.`
      : "No longer fresh: the next request makes the edge look to the origin.";
}

function showSaved() {
  const { requests, spared, bytes, ms } = saved;
  byId("saved").hidden = requests === 0;
  byId("saved-requests").textContent = `${spared} of ${requests}`;
  byId("saved-bytes").textContent = bytesText(bytes);
  byId("saved-ms").textContent = `${Math.round(ms)} ms`;
}

function showHistory() {
  const slowest = Math.max(1, ...history.map(({ ms }) => ms ?? 0));
  byId("history").replaceChildren(
    ...history.map((seen) => {
      const row = document.createElement("tr");
      const time = new Date(seen.at).toLocaleTimeString([], { hour12: false });
      const kind = kindOf(seen);
      const word = document.createElement("b");
      word.textContent = tell(seen).word;
      const outcome = document.createElement("td");
      outcome.append(outcomeSign(kind), word);
      const asked = seen.method === "GET" ? seen.path : `${seen.method} ${seen.path}`;
      row.append(
        ...[time, asked, edgeOf(seen) ?? "unknown"].map((text) => cell(text)),
        outcome,
        cell(seen.ms === undefined ? "not measured" : `${seen.ms.toFixed(1)} ms`),
      );
      row.dataset.kind = kind;
      const bar = document.createElement("span");
      bar.className = "span";
      bar.style.width = `${(100 * (seen.ms ?? 0)) / slowest}%`;
      row.lastElementChild?.prepend(bar);
      return row;
    }),
  );
}

function cell(/** @type {string} */ text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

function showCommands() {
  byId("purge-command").textContent = `npx edgecache purge ${shellWord(path.value)}`;
  byId("curl-command").textContent = `curl -sD- -o /dev/null ${shellWord(location.origin + path.value)}`;
}

/** A URL carries no space; a quote in it may be written %27, and the rest a shell leaves alone in quotes. */
function shellWord(/** @type {string} */ url) {
  return /^[\w./:-]+$/.test(url) ? url : `'${url.replaceAll("'", "%27")}'`;
}

async function fillMenu() {
  const here = { path: location.pathname + location.search, what: "this page" };
  const answer = await fetch("/data.json").catch(() => undefined);
  const listed = answer?.ok ? (await answer.json()).files : [];
  const files = [here, ...listed.filter((/** @type {{ path: string }} */ file) => file.path !== here.path)];
  path.replaceChildren(...files.map((file) => new Option(`${file.path}  (${file.what})`, file.path)));
  showCommands();
}

/**
 * Asks, and tells what came of it.
 * @param {import("./observe.js").Asking & { path: string }} asked
 * @param {(text: string) => void} [onText]
 */
async function ask({ path: target, ...asking }, onText) {
  const seen = await observeFetch(target, asking, onText);
  edges.note(edgeOf(seen), rttOf(seen));
  if (edges.dashboard !== undefined) await edges.look();
  show(seen);
  return seen;
}

async function fetchAgain() {
  const asked = path.value;
  try {
    await ask({ path: asked });
  } catch (error) {
    // How fetch says that no response came.
    if (!(error instanceof TypeError)) throw error;
    byId("outcome").dataset.kind = "failed";
    byId("badge").textContent = "No answer";
    byId("badge-sign").replaceChildren();
    byId("headline").textContent = "Nobody answered.";
    byId("story").textContent = `The request for ${asked} failed. Is the system still running?`;
    byId("provenance").textContent = "";
  }
}

async function copy(/** @type {HTMLButtonElement} */ button) {
  const source = byId(button.dataset.copies ?? "");
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    byId("copied").textContent = "Copied.";
  } catch {
    // Only pages from this machine or over https may write to the clipboard: select it instead.
    getSelection()?.selectAllChildren(source);
    byId("copied").textContent = "Selected; copy it with your keyboard.";
  }
}

byId("again").addEventListener("submit", (event) => {
  event.preventDefault();
  void fetchAgain();
});
path.addEventListener("change", showCommands);
for (const button of document.querySelectorAll("button[data-copies]")) {
  if (button instanceof HTMLButtonElement) button.addEventListener("click", () => copy(button));
}
setInterval(showFreshness, 1000);

for (const entry of byId("words").children) {
  if (!(entry instanceof HTMLElement)) continue;
  const kind = /** @type {import("./outcome.js").Kind} */ (entry.dataset.kind);
  entry.querySelector("dt")?.prepend(outcomeSign(kind));
}

const first = await observePage();
edges.note(edgeOf(first), rttOf(first));
if (await edges.look()) {
  const dashboard = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("a.dashboard")]);
  for (const link of dashboard) link.href = edges.dashboard ?? "";
  for (const part of document.querySelectorAll(".of-demo")) part.removeAttribute("hidden");
  showTries(byId("tries"), ask);
}
show(first);
await fillMenu();
