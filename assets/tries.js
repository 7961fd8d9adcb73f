import { edgeOf, kindOf, tell } from "./outcome.js";
import { outcomeSign } from "./outcome-sign.js";

/** @typedef {import("./observe.js").Observation} Observation */
/** @typedef {import("./observe.js").Asking & { path: string }} Asked */

/**
 * What a button does: asks for this, or for something `times` at once. `again`: the same once more, so many milliseconds
 * later.
 * @typedef {{ label: string, ask: () => Asked, times?: number, again?: number }} Press
 * @typedef {{ title: string, idea: string, presses: Press[] }} Try
 */

const SLOW_MS = 200;

/** @returns {Press} */
function press(/** @type {string} */ label, /** @type {Asked} */ asked, /** @type {number} */ again = 0) {
  return { label, ask: () => asked, ...(again > 0 ? { again } : {}) };
}

/** @type {Try[]} */
const TRIES = [
  {
    title: "Miss, then hit",
    idea: "The first request fetches the page from the origin. Those of the next minute do not.",
    presses: [press("Fetch the page", { path: "/demo/page" })],
  },
  {
    title: "A slow origin",
    idea: `The origin takes ${SLOW_MS} ms for this one. A hit takes only the way to the edge.`,
    presses: [press("Fetch the slow page", { path: "/demo/slow" })],
  },
  {
    title: "Stale",
    idea: "The news are fresh for a second. Later the edge still answers at once, and fetches the next edition behind.",
    presses: [
      press("Fetch the news", { path: "/demo/news" }),
      press("Fetch, wait, fetch again", { path: "/demo/news" }, 2200),
    ],
  },
  {
    title: "Revalidated",
    idea: "This page is fresh for a second. Later the edge asks whether it is still right, and gets 304 Not Modified.",
    presses: [
      press("Fetch the menu", { path: "/demo/menu" }),
      press("Fetch, wait, validate", { path: "/demo/menu" }, 2200),
    ],
  },
  {
    title: "Bypass",
    idea: "A rule of the site passes this path to the origin, every time.",
    presses: [press("Fetch past the cache", { path: "/demo/pass" })],
  },
  {
    title: "Vary",
    idea: "The greeting says Vary: Accept-Language. The edge keeps one response for each language.",
    presses: [
      press("Greet in English", { path: "/demo/greeting", headers: { "Accept-Language": "en" } }),
      press("Auf Deutsch grüßen", { path: "/demo/greeting", headers: { "Accept-Language": "de" } }),
    ],
  },
  {
    title: "Purge by tag",
    idea: "The article has the tag demo-article. Its publisher purges the tag, and every edge confirms it.",
    presses: [
      press("Read the article", { path: "/demo/article" }),
      press("Publish another version", { path: "/demo/article", method: "POST" }),
    ],
  },
  {
    title: "Private",
    idea: "The account says Cache-Control: private. The edge passes it on and keeps nothing.",
    presses: [press("See the account", { path: "/demo/account" })],
  },
  {
    title: "POST",
    idea: "A signature changes the guest book, so the edge drops what it had of it (RFC 9111, section 4.4).",
    presses: [
      press("Read the guest book", { path: "/demo/guests" }),
      press("Sign it", { path: "/demo/guests", method: "POST" }),
    ],
  },
  {
    title: "A range",
    idea: "The first 64 bytes of the photograph, cut out of the whole that the edge has.",
    presses: [press("Fetch 64 bytes", { path: "/photo.png", headers: { Range: "bytes=0-63" } })],
  },
  {
    title: "A stream of events",
    idea: "Five events, each passed on as soon as it is there.",
    presses: [press("Listen", { path: "/demo/events" })],
  },
  {
    title: "Six at once",
    idea: "Six visitors want the same new page. The edge asks the origin once, and all share the answer.",
    presses: [
      { label: "Ask six times at once", ask: () => ({ path: `/demo/slow?at=${Date.now()}` }), times: 6 },
    ],
  },
  {
    title: "An error",
    idea: "The origin breaks off. The edge has nothing to use instead, and says so.",
    presses: [press("Fetch the broken page", { path: "/demo/broken" })],
  },
];

/**
 * Puts a card for each into the list.
 * @param {Element} list
 * @param {(asked: Asked, onText: (text: string) => void) => Promise<Observation>} ask asks, and shows what came
 */
export function showTries(list, ask) {
  list.replaceChildren(...TRIES.map((each) => card(each, ask)));
}

/**
 * @param {Try} one
 * @param {Parameters<typeof showTries>[1]} ask
 */
function card({ title, idea, presses }, ask) {
  const item = document.createElement("li");
  const said = made("p", "said", "");
  const content = made("pre", "content", "");
  content.hidden = true;
  const onText = (/** @type {string} */ text) => {
    content.hidden = text === "";
    content.textContent = text.trim();
  };
  const buttons = presses.map((pressed) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = pressed.label;
    button.addEventListener("click", () => void run(pressed));
    return button;
  });

  async function run(/** @type {Press} */ { ask: what, times = 1, again }) {
    if (item.dataset.busy !== undefined) return;
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    item.dataset.busy = "";
    onText("");
    said.textContent = "Asking…";
    try {
      const asked = what();
      if (again !== undefined) {
        await ask(asked, onText);
        said.textContent = "Waiting until it is stale…";
        await new Promise((resolve) => setTimeout(resolve, again));
      }
      const seen = await Promise.all(Array.from({ length: times }, () => ask(asked, onText)));
      say(said, seen);
      item.dataset.kind = kindOf(seen[0] ?? neverSeen());
    } catch (error) {
      // How fetch says that no response came.
      if (!(error instanceof TypeError)) throw error;
      said.textContent = "Nobody answered.";
    } finally {
      delete item.dataset.busy;
      for (const button of buttons) button.removeAttribute("aria-disabled");
    }
  }

  const row = made("div", "presses", "");
  row.append(...buttons);
  item.append(made("h3", "", title), made("p", "", idea), row, said, content);
  return item;
}

/** @returns {never} */
function neverSeen() {
  throw new Error("a press asks at least once");
}

function say(/** @type {HTMLElement} */ said, /** @type {Observation[]} */ seen) {
  const [first = neverSeen()] = seen;
  const word = made("b", "", tell(first).word);
  if (seen.length > 1) {
    const asked = seen.filter(({ cacheStatus }) => cacheStatus?.fwd !== undefined && !cacheStatus.collapsed);
    const sum = `: the origin was asked ${asked.length === 1 ? "once" : `${asked.length} times`} for ${seen.length} requests`;
    return said.replaceChildren(outcomeSign(kindOf(first)), word, sum);
  }
  const from = edgeOf(first) ?? "the server";
  const after = first.ms === undefined ? "" : ` after ${first.ms.toFixed(0)} ms`;
  said.replaceChildren(outcomeSign(kindOf(first)), word, ` · ${first.status} from ${from}${after}`);
}

/**
 * @param {string} name
 * @param {string} className
 * @param {string} text
 */
function made(name, className, text) {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  element.textContent = text;
  return element;
}
