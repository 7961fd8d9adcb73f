import { cacheStatusWords } from "./cache-status-words.js";
import { call } from "./call.js";
import { byId, element, fieldOf, setText } from "./element.js";
import { msText, UNKNOWN, visibleText } from "./figure-text.js";
import { Table } from "./table.js";

/** @typedef {{ ttl: number, selected: boolean }} Variant */
/** @typedef {{ edge: string, failed?: string, key?: string, next?: string, reason?: string, variants?: readonly Variant[], rules?: readonly { rule: string, matched: boolean }[] }} Explained */
/** @typedef {{ edge: string, state: string, rttMs: number, expectedMs: number, share: number, place: number }} Candidate */

/** What the next request for a URL gets at each edge, and to which edge the router sends it. */
export class ExplainForm {
  constructor() {
    this.form = /** @type {HTMLFormElement} */ (byId("explain-form"));
    /** @type {Table<Explained>} */
    this.edges = new Table(
      byId("explain-rows"),
      "The URL at each edge",
      [
        { title: "Edge", cell: ({ edge }) => edge },
        {
          title: "The next request",
          cell: ({ next, failed, reason }) =>
            element(
              "span",
              {},
              failed === undefined ? visibleText(cacheStatusWords(`; ${next ?? ""}`)) : visibleText(failed),
              " ",
              element("span", { class: "quiet" }, visibleText(reason ?? "")),
            ),
          sameAs: (row) => JSON.stringify(row),
          kind: "wide",
        },
        {
          title: "Stored variants",
          cell: ({ variants }) => (variants === undefined ? UNKNOWN : String(variants.length)),
          kind: "number",
        },
        {
          title: "Rules that match",
          cell: ({ rules = [] }) =>
            rules
              .filter(({ matched }) => matched)
              .map(({ rule }) => visibleText(rule))
              .join(", ") || "none",
        },
      ],
      ({ edge }) => edge,
    );
    /** @type {Table<Candidate>} */
    this.route = new Table(
      byId("route-rows"),
      "The edges in the order in which the router tries them",
      [
        { title: "Tried", cell: ({ place }) => `${place}.`, kind: "number" },
        { title: "Edge", cell: ({ edge }) => edge },
        { title: "State", cell: ({ state }) => state },
        { title: "RTT", cell: ({ rttMs }) => msText(rttMs), kind: "number" },
        { title: "Expected", cell: ({ expectedMs }) => msText(expectedMs), kind: "number" },
        { title: "Share", cell: ({ share }) => `${Math.round(share * 100)} %`, kind: "number" },
      ],
      ({ edge }) => edge,
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.explain();
    });
  }

  async explain() {
    const asked = fieldOf(this.form, "url");
    const field = fieldOf(this.form, "field");
    const { host, target } = parts(asked);
    const fields = field === "" ? [] : [field.replace(/:\s*/, ":")];
    const explain = new URLSearchParams([["url", asked], ...fields.map((text) => ["field", text])]);
    const route = new URLSearchParams({ url: target, ...(host === "" ? {} : { host }) });
    const [explained, routed] = await Promise.all([
      call(`/dashboard/explain?${explain}`),
      call(`/route.json?${route}`),
    ]);
    this.edges.show(
      explained.ok ? explained.document : [],
      explained.ok ? "No edge is known." : explained.why,
    );
    const candidates = routed.ok ? routed.document.candidates : [];
    this.route.show(
      candidates.map((/** @type {Candidate} */ row, /** @type {number} */ at) => ({ ...row, place: at + 1 })),
      routed.ok ? "No edge is alive." : routed.why,
    );
    const to =
      routed.ok && routed.document.edge !== null
        ? `goes to ${routed.document.edge}: ${routed.document.because}`
        : "finds no edge";
    setText(byId("explain-answer"), `A request for ${visibleText(asked)} ${to}`);
  }
}

/** @param {string} asked a path, or a full URL */
function parts(asked) {
  if (!URL.canParse(asked)) return { host: "", target: asked };
  const { host, pathname, search } = new URL(asked);
  return { host, target: `${pathname}${search}` };
}
