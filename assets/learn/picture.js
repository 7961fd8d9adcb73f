/** @typedef {{ id: string, kind: string, name: string, x: number, y: number }} Place */
/** @typedef {{ kind: "message", at: number, arrives: number, from: string, to: string, tone: string, label: string }} Message */
/** @typedef {{ kind: "shows", at: number, place: string, lines: readonly string[] }} Shows */
/** @typedef {{ kind: "note", at: number, text: string, wrong: boolean }} Note */
/** @typedef {{ places: readonly Place[], events: readonly (Message | Shows | Note)[], endsAt: number, figures: readonly { name: string, value: string }[], shown: string }} Run */

/** By tone: the sign in the dot, and what it means. */
export const SIGNS = {
  request: ["?", "request"],
  hit: ["✓", "hit"],
  miss: ["↻", "miss, to and from the origin"],
  stale: ["~", "stale"],
  revalidated: ["=", "revalidated"],
  bypass: ["»", "bypass"],
  error: ["!", "error"],
  purge: ["×", "purge"],
  heartbeat: ["•", "heartbeat"],
};

/** Draws a run at any moment. Everything that is shown follows from the run and the time. */
export function createPicture(/** @type {HTMLElement} */ stage) {
  const places = /** @type {HTMLElement} */ (stage.querySelector("#places"));
  const messages = /** @type {HTMLElement} */ (stage.querySelector("#messages"));
  const links = /** @type {SVGElement} */ (stage.querySelector("#links"));
  /** @type {Run | undefined} */
  let run;
  /** @type {Map<string, { box: HTMLElement, lines: HTMLElement, place: Place, text: string }>} */
  const boxes = new Map();
  /** @type {Map<Message, HTMLElement>} */
  const dots = new Map();

  /** Another run: its places, without anything that happens. */
  function open(/** @type {Run} */ opened) {
    run = opened;
    boxes.clear();
    dots.clear();
    messages.replaceChildren();
    places.replaceChildren(
      ...opened.places.map((place) => {
        const box = document.createElement("div");
        box.className = "place";
        box.dataset.kind = place.kind;
        box.style.left = `${place.x}%`;
        box.style.top = `${place.y}%`;
        const name = document.createElement("b");
        name.textContent = place.name;
        const lines = document.createElement("div");
        box.append(name, lines);
        boxes.set(place.id, { box, lines, place, text: "" });
        return box;
      }),
    );
    links.replaceChildren(...pairsOf(opened).map(([from, to]) => linkBetween(from, to)));
  }

  function pairsOf(/** @type {Run} */ { events }) {
    /** @type {Map<string, [Place, Place]>} */
    const pairs = new Map();
    for (const event of events) {
      if (event.kind !== "message") continue;
      const [one, other] = [boxes.get(event.from)?.place, boxes.get(event.to)?.place];
      if (one !== undefined && other !== undefined)
        pairs.set([event.from, event.to].sort().join(), [one, other]);
    }
    return [...pairs.values()];
  }

  function draw(/** @type {number} */ now) {
    if (run === undefined) return;
    const { width, height } = stage.getBoundingClientRect();
    /** @type {Map<string, readonly string[]>} */
    const shown = new Map();
    /** @type {Set<Message>} */
    const moving = new Set();
    for (const event of run.events) {
      if (event.at > now) break;
      if (event.kind === "shows") shown.set(event.place, event.lines);
      if (event.kind === "message" && now < event.arrives) moving.add(event);
    }
    for (const [id, box] of boxes) {
      const lines = shown.get(id) ?? [];
      const text = lines.join("\n");
      if (text === box.text) continue;
      box.text = text;
      box.lines.replaceChildren(...lines.map(lineOf));
    }
    for (const [message, dot] of dots) {
      if (moving.has(message)) continue;
      dot.remove();
      dots.delete(message);
    }
    for (const message of moving) {
      const [from, to] = [boxes.get(message.from)?.place, boxes.get(message.to)?.place];
      if (from === undefined || to === undefined) continue;
      const dot = dots.get(message) ?? dotOf(message);
      dots.set(message, dot);
      const done = (now - message.at) / (message.arrives - message.at);
      const x = ((from.x + (to.x - from.x) * done) / 100) * width;
      const y = ((from.y + (to.y - from.y) * done) / 100) * height;
      dot.style.transform = `translate(${x}px, ${y}px)`;
    }
  }

  function dotOf(/** @type {Message} */ { tone, label }) {
    const dot = document.createElement("div");
    dot.className = "message";
    dot.dataset.tone = tone;
    const sign = document.createElement("i");
    sign.textContent = SIGNS[tone]?.[0] ?? "";
    const text = document.createElement("span");
    text.textContent = label;
    dot.append(sign, ...(label === "" ? [] : [text]));
    messages.append(dot);
    return dot;
  }

  return { open, draw };
}

function lineOf(/** @type {string} */ text) {
  const line = document.createElement("span");
  line.textContent = text;
  return line;
}

function linkBetween(/** @type {Place} */ from, /** @type {Place} */ to) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  line.setAttribute("x1", `${from.x}%`);
  line.setAttribute("y1", `${from.y}%`);
  line.setAttribute("x2", `${to.x}%`);
  line.setAttribute("y2", `${to.y}%`);
  return line;
}
