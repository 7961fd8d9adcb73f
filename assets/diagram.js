/**
 * The way of one request, drawn: browser, router, three edges, origin.
 * @typedef {object} Way
 * @property {boolean} left whether the request left the browser at all
 * @property {boolean} routed whether a router stood on the way
 * @property {{ name: string, notes: string[] }[]} edges three of them
 * @property {number | undefined} served which of them answered
 * @property {"asked" | "behind" | "not asked" | "unknown"} origin behind: asked after the answer was sent
 *
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 * @typedef {{ size: [number, number], across: boolean, browser: Box, router: Box, edges: Box[], origin: Box }} Layout
 */

const SVG = "http://www.w3.org/2000/svg";

/** Time the dot takes from one box to the next: long enough to follow, short enough to wait for. */
const HOP_MS = 300;

/** From one line of text to the next. */
const LINE = 19;

/** @type {Layout} */
const WIDE = {
  size: [1000, 312],
  across: true,
  browser: { x: 2, y: 120, width: 150, height: 72 },
  router: { x: 262, y: 120, width: 184, height: 72 },
  edges: [8, 120, 232].map((y) => ({ x: 560, y, width: 176, height: 72 })),
  origin: { x: 848, y: 120, width: 150, height: 72 },
};

/** @type {Layout} */
const TALL = {
  size: [292, 456],
  across: false,
  browser: { x: 71, y: 2, width: 150, height: 64 },
  router: { x: 56, y: 122, width: 180, height: 64 },
  edges: [2, 100, 198].map((x) => ({ x, y: 244, width: 92, height: 84 })),
  origin: { x: 71, y: 390, width: 150, height: 64 },
};

/**
 * Draws into both pictures of the page; style.css shows the one that fits the window.
 * @param {Element} wide
 * @param {Element} tall
 */
export function createDiagram(wide, tall) {
  const drawings = [drawing(wide, WIDE), drawing(tall, TALL)];
  return {
    /**
     * @param {Way} way
     * @param {boolean} animate
     */
    show(way, animate) {
      for (const draw of drawings) draw(way, animate);
    },
  };
}

/**
 * @param {Element} svg
 * @param {Layout} layout
 */
function drawing(svg, layout) {
  svg.setAttribute("viewBox", `0 0 ${layout.size.join(" ")}`);
  let running = 0;

  return (/** @type {Way} */ way, /** @type {boolean} */ animate) => {
    cancelAnimationFrame(running);
    svg.replaceChildren();
    const lit = way.served !== undefined && way.left;
    const links = layout.edges.flatMap((edge, i) => {
      const on = lit && i === way.served;
      const toOrigin = on && way.origin === "asked" ? "lit" : on && way.origin === "behind" ? "behind" : "";
      const entry = way.routed ? layout.router : layout.browser;
      return [link(layout, entry, edge, on ? "lit" : ""), link(layout, edge, layout.origin, toOrigin)];
    });
    if (way.routed) links.push(link(layout, layout.browser, layout.router, lit ? "lit" : ""));
    // Lit links last, so that dim ones never cross them.
    links.sort((a, b) => Number(a.classList.contains("lit")) - Number(b.classList.contains("lit")));
    svg.append(...links);

    svg.append(
      box(
        layout.browser,
        "Your browser",
        [way.left ? "asks" : "had it already"],
        way.left ? "on" : "on served",
      ),
    );
    if (way.routed) svg.append(box(layout.router, "Router", ["picks the nearest edge"], lit ? "on" : ""));
    layout.edges.forEach((place, i) => {
      const { name, notes } = way.edges[i] ?? { name: "", notes: [] };
      // Where boxes stand side by side they are narrow, and each note takes a line of its own.
      const lines = layout.across && notes.length > 0 ? [notes.join(" · ")] : notes;
      svg.append(box(place, name, lines, lit && i === way.served ? "on served" : ""));
    });
    const asked = lit && way.origin === "asked";
    const behind = lit && way.origin === "behind";
    const told = way.origin === "unknown" ? "owns the page" : behind ? "asked behind" : way.origin;
    svg.append(box(layout.origin, "Origin", [way.left ? told : "not asked"], asked || behind ? "on" : ""));

    if (animate && lit)
      running = travel(svg, stops(layout, way), (frame) => {
        running = frame;
      });
  };
}

/**
 * There and back again.
 * @param {Layout} layout
 * @param {Way} way
 */
function stops(layout, way) {
  const edge = layout.edges[way.served ?? 0] ?? layout.router;
  const there = [
    layout.browser,
    ...(way.routed ? [layout.router] : []),
    edge,
    ...(way.origin === "asked" ? [layout.origin] : []),
  ];
  const hops = there.slice(1).map((to, i) => curve(layout, there[i] ?? to, to));
  return [...hops.map((d) => ({ d, back: false })), ...hops.reverse().map((d) => ({ d, back: true }))];
}

/**
 * Moves a dot along the hops, then removes it.
 * @param {Element} svg
 * @param {{ d: string, back: boolean }[]} hops
 * @param {(frame: number) => void} keep called with each frame's handle, so that the dot can be stopped
 */
function travel(svg, hops, keep) {
  const dot = element("circle", { class: "dot", r: "8" });
  const paths = hops.map(({ d }) => element("path", { d }));
  svg.append(dot);
  const begin = performance.now();
  const step = (/** @type {number} */ now) => {
    const progress = Math.max(0, now - begin) / HOP_MS;
    const at = Math.floor(progress);
    const path = paths[at];
    if (path === undefined) return dot.remove();
    const part = hops[at]?.back ? 1 - (progress - at) : progress - at;
    const { x, y } = path.getPointAtLength(path.getTotalLength() * part);
    dot.setAttribute("cx", String(x));
    dot.setAttribute("cy", String(y));
    dot.classList.toggle("back", hops[at]?.back === true);
    keep(requestAnimationFrame(step));
  };
  return requestAnimationFrame(step);
}

/**
 * @param {Layout} layout
 * @param {Box} from
 * @param {Box} to
 * @param {string} state
 */
function link(layout, from, to, state) {
  return element("path", { class: `link ${state}`, d: curve(layout, from, to) });
}

/**
 * @param {Layout} layout
 * @param {Box} from
 * @param {Box} to
 */
function curve({ across }, from, to) {
  if (across) {
    const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
    const middle = (x1 + x2) / 2;
    return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
}

/**
 * @param {Box} place
 * @param {string} name
 * @param {string[]} notes
 * @param {string} state
 */
function box(place, name, notes, state) {
  const group = element("g", { class: `box ${state}` });
  const x = place.x + place.width / 2;
  const top = place.y + place.height / 2 + 6 - (notes.length * LINE) / 2;
  group.append(element("rect", { rx: "12", ...strings(place) }), text("name", name, x, top));
  group.append(...notes.map((note, i) => text("note", note, x, top + 1 + (i + 1) * LINE)));
  return group;
}

/**
 * @param {string} kind
 * @param {string} words
 * @param {number} x its middle
 * @param {number} y its base line
 */
function text(kind, words, x, y) {
  const made = element("text", { class: kind, ...strings({ x, y }) });
  made.textContent = words;
  return made;
}

function strings(/** @type {Record<string, number>} */ numbers) {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
