import { call } from "./call.js";
import { byId, element, setText } from "./element.js";

const LATENCIES_MS = [1, 20, 100, 300];

/** @type {readonly (readonly [action: string, words: string])[]} */
const ACTIONS = [
  ["stop", "Stop"],
  ["start", "Start"],
  ["cut", "Cut from the purge log"],
  ["join", "Join again"],
];

/** What only the one-command system has: breaking things. */
export class DemoControls {
  constructor() {
    this.names = "";
    this.place = byId("demo-controls");
  }

  /** @param {readonly string[]} edges */
  setEdges(edges) {
    const names = edges.toSorted().join("\n");
    if (names === this.names || byId("tab-demo").hidden) return;
    this.names = names;
    const traffic = this.group("Traffic", [
      button("Begin", () => this.act("traffic", { on: true })),
      button("End", () => this.act("traffic", { on: false })),
    ]);
    const all = this.group("Everything", [button("Mend", () => this.act("reset", {}))]);
    const both = element("div", { class: "row" }, traffic, all);
    this.place.replaceChildren(both, ...edges.toSorted().map((edge) => this.controls(edge)));
  }

  /** @param {string} edge */
  controls(edge) {
    return this.group(edge, [
      ...ACTIONS.map(([action, words]) => button(words, () => this.act(action, { edge }))),
      ...LATENCIES_MS.map((ms) => button(`${ms} ms away`, () => this.act("latency", { edge, ms }))),
    ]);
  }

  /** @param {string} name @param {readonly Node[]} buttons */
  group(name, buttons) {
    return element("fieldset", { class: "row" }, element("legend", {}, name), ...buttons);
  }

  /** @param {string} action @param {object} body */
  async act(action, body) {
    const answer = await call(`/dashboard/demo/${action}`, { method: "POST", body });
    setText(byId("demo-answer"), answer.ok ? answer.document.said : answer.why);
  }
}

/** @param {string} words @param {() => void} pressed */
function button(words, pressed) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", pressed);
  return made;
}
