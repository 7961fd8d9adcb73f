import { STATES, stateShape } from "./edge-state.js";
import { byId, drawn, setText } from "./element.js";
import { msText, UNKNOWN } from "./figure-text.js";
import { leaseLength } from "./lease-length.js";

/** @typedef {import("./fleet-event.js").LiveEdge} LiveEdge */
/** @typedef {{ x: number, y: number, angle: number }} Place */

// The picture is a square of 400: the router in the middle, the origin all around.
const MIDDLE = 200;
const ORIGIN = 186;
const NEAREST = 58;
const FARTHEST = 144;
const LEASE = 14;
const LEASE_LENGTH = 2 * Math.PI * LEASE;

/** Round trips that a person can compare. */
const NICE_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

// A reader of the screen hears the new words when it comes by: often enough, and no chatter.
const WORDS_EVERY_MS = 10_000;

/** The router in the middle, rings of round trips around it, an edge where its round trip puts it. */
export class FleetPicture {
  constructor() {
    this.svg = byId("picture");
    this.rings = drawn("g", { class: "rings" });
    this.links = drawn("g", { class: "links" });
    this.nodes = drawn("g", {});
    /** Where requests travel. */
    this.flow = drawn("g", { "aria-hidden": "true" });
    /** @type {Map<string, { node: SVGGElement, lease: SVGCircleElement, sign: SVGGElement, link: SVGPathElement, rtt: SVGTextElement, state: string }>} */
    this.shown = new Map();
    /** @type {Map<string, Place>} */
    this.places = new Map();
    /** The last one of an edge that is down. @type {Map<string, number>} */
    this.rtts = new Map();
    this.outerMs = 0;
    this.wordsAt = Number.NEGATIVE_INFINITY;
    this.svg.append(
      drawn("circle", { class: "origin", cx: MIDDLE, cy: MIDDLE, r: ORIGIN }),
      drawn(
        "text",
        { class: "origin-name", x: MIDDLE, y: MIDDLE - ORIGIN + 16, "text-anchor": "middle" },
        "origin",
      ),
      this.rings,
      this.links,
      this.flow,
      drawn(
        "g",
        { class: "router", transform: `translate(${MIDDLE} ${MIDDLE})` },
        drawn("rect", { x: -26, y: -11, width: 52, height: 22, rx: 11 }),
        drawn("text", { "text-anchor": "middle", y: 4 }, "router"),
      ),
      this.nodes,
    );
  }

  /** @param {readonly LiveEdge[]} edges */
  show(edges) {
    for (const { edge, rttMs } of edges) if (rttMs !== null) this.rtts.set(edge, rttMs);
    this.scale(Math.max(0.5, ...edges.map(({ edge }) => this.rtts.get(edge) ?? 0)));
    const sorted = edges.toSorted((a, b) => (a.edge < b.edge ? -1 : 1));
    for (const [at, edge] of sorted.entries()) this.showEdge(edge, (360 * (at + 0.5)) / sorted.length - 90);
    for (const [name, parts] of this.shown) {
      if (edges.some(({ edge }) => edge === name)) continue;
      parts.node.remove();
      parts.link.remove();
      this.shown.delete(name);
      this.places.delete(name);
    }
    const now = performance.now();
    if (now - this.wordsAt < WORDS_EVERY_MS && this.wordsFor === sorted.length) return;
    this.wordsAt = now;
    this.wordsFor = sorted.length;
    setText(
      byId("picture-words"),
      sorted.length === 0 ? "No edge is known yet." : sorted.map(words).join(" "),
    );
  }

  /** The rings change only when an edge leaves them, or when they have become far too wide. @param {number} mostMs */
  scale(mostMs) {
    if (mostMs <= this.outerMs && mostMs > this.outerMs / 4) return;
    const at = NICE_MS.findIndex((ms) => ms >= mostMs);
    this.outerMs = NICE_MS[at] ?? mostMs;
    const rings = [this.outerMs];
    for (const ms of NICE_MS.slice(0, Math.max(0, at)).toReversed()) {
      // The text of a ring needs so much room.
      if (this.radius(rings.at(-1) ?? 0) - this.radius(ms) >= 18 && this.radius(ms) > NEAREST + 14)
        rings.push(ms);
    }
    this.rings.replaceChildren(
      ...rings.slice(0, 3).flatMap((ms) => {
        const r = this.radius(ms);
        return [
          drawn("circle", { cx: MIDDLE, cy: MIDDLE, r }),
          drawn("text", { x: MIDDLE + 4, y: MIDDLE - r - 4 }, `${ms} ms`),
        ];
      }),
    );
  }

  /** The root leaves room for near edges, where most are. @param {number} ms */
  radius(ms) {
    return NEAREST + (FARTHEST - NEAREST) * Math.min(1, Math.sqrt(ms / this.outerMs));
  }

  /** @param {LiveEdge} edge @param {number} degrees */
  showEdge(edge, degrees) {
    const parts = this.shown.get(edge.edge) ?? this.add(edge.edge);
    const angle = (degrees * Math.PI) / 180;
    const r = this.radius(this.rtts.get(edge.edge) ?? this.outerMs);
    const x = MIDDLE + r * Math.cos(angle);
    const y = MIDDLE + r * Math.sin(angle);
    this.places.set(edge.edge, { x, y, angle });
    parts.node.style.transform = `translate(${x}px, ${y}px)`;
    parts.link.setAttribute("d", `M${MIDDLE} ${MIDDLE}L${x} ${y}`);
    parts.link.setAttribute("class", edge.state);
    parts.link.style.strokeWidth = String(1 + 5 * edge.share);
    if (parts.state !== edge.state) {
      parts.state = edge.state;
      parts.sign.replaceChildren(stateShape(edge.state));
    }
    const left = (edge.leaseLeftMs ?? 0) / leaseLength(edge);
    parts.lease.style.strokeDashoffset = String(LEASE_LENGTH * (1 - left));
    setText(parts.rtt, edge.state === "down" ? "down" : msText(edge.rttMs));
  }

  /** @param {string} name */
  add(name) {
    const sign = drawn("g", {});
    const rtt = drawn("text", { class: "rtt", "text-anchor": "middle", y: 42 });
    const lease = drawn("circle", {
      class: "lease",
      r: LEASE,
      transform: "rotate(-90)",
      "stroke-dasharray": LEASE_LENGTH,
    });
    const node = drawn(
      "g",
      { class: "edge" },
      drawn("circle", { class: "lease-ground", r: LEASE }),
      lease,
      sign,
      drawn("text", { class: "name", "text-anchor": "middle", y: 28 }, short(name)),
      rtt,
    );
    const link = drawn("path", {});
    const parts = { node, lease, sign, link, rtt, state: "" };
    this.nodes.append(node);
    this.links.append(link);
    this.shown.set(name, parts);
    return parts;
  }

  /** The way of a request, from the router to the edge and on to the origin. @param {string} edge */
  way(edge) {
    const place = this.places.get(edge);
    if (place === undefined) return undefined;
    const { x, y, angle } = place;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return {
      from: { x: MIDDLE + 24 * cos, y: MIDDLE + 11 * sin },
      edge: { x: x - 18 * cos, y: y - 18 * sin },
      beyond: { x: x + 18 * cos, y: y + 18 * sin },
      origin: { x: MIDDLE + ORIGIN * cos, y: MIDDLE + ORIGIN * sin },
    };
  }
}

/** @param {LiveEdge} edge */
function words({ edge, state, rttMs, share }) {
  const rtt = msText(rttMs);
  const far = rtt === UNKNOWN ? "" : `, ${rtt} away, ${Math.round(share * 100)} % of the requests`;
  return `${edge}: ${STATES[state].words}${far}.`;
}

/** @param {string} name */
function short(name) {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}
