import { call } from "./call.js";
import { byId, fieldOf, setText } from "./element.js";
import { bytesText, numberText } from "./figure-text.js";

/** @typedef {import("./fleet-event.js").PurgeRow} PurgeRow */

/** @type {Readonly<Record<string, { name: string, hint: string, example: string }>>} */
const KINDS = {
  urls: {
    name: "Path or full URL",
    hint: "/a is /a with every query; /a?b=1 is exactly that. All variants go.",
    example: "/index.html",
  },
  prefixes: {
    name: "Prefix",
    hint: "Every response whose path and query begin with this.",
    example: "/images/",
  },
  tags: {
    name: "Tag",
    hint: "One member of Cache-Groups, Surrogate-Key or Cache-Tag.",
    example: "product-42",
  },
  all: {
    name: "",
    hint: "Every stored response of the site, or of all sites. Try it dry first: then the button says how many they are.",
    example: "",
  },
};

/** Sends purges. The receipts arrive by the feed. */
export class PurgeForm {
  constructor() {
    this.form = /** @type {HTMLFormElement} */ (byId("purge-form"));
    this.go = /** @type {HTMLButtonElement} */ (byId("purge-go"));
    /** The body of the last dry run of everything. */
    this.tried = "";
    this.sent = "";
    this.form.addEventListener("input", () => this.adapt());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.purge();
    });
    byId("purge-try").addEventListener("click", () => {
      if (this.form.reportValidity()) void this.dryRun();
    });
    this.adapt();
  }

  adapt() {
    const kind = fieldOf(this.form, "kind");
    const { name, hint, example } = KINDS[kind] ?? { name: "", hint: "", example: "" };
    const target = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("target"));
    byId("purge-target").hidden = kind === "all";
    target.required = kind !== "all";
    target.placeholder = example;
    setText(byId("purge-target-name"), name);
    setText(byId("purge-hint"), hint);
    const mustTry = kind === "all" && this.tried !== JSON.stringify(this.body());
    this.go.disabled = mustTry;
    if (kind !== "all" || mustTry) setText(this.go, kind === "all" ? "Purge everything" : "Purge");
  }

  body() {
    const kind = fieldOf(this.form, "kind");
    const site = fieldOf(this.form, "site");
    const target = kind === "all" ? { all: true } : { [kind]: [fieldOf(this.form, "target")] };
    return {
      ...target,
      ...(site === "" ? {} : { sites: [site] }),
      ...(fieldOf(this.form, "soft") === "on" ? { soft: true } : {}),
    };
  }

  async dryRun() {
    const body = this.body();
    this.say("Asking…");
    const answer = await call("/dashboard/purge", { method: "POST", body: { ...body, dryRun: true } });
    if (!answer.ok) return this.say(answer.why, "bad");
    /** @type {readonly { edge: string, objects: number, bytes?: number }[]} */
    const edges = answer.document.edges ?? [];
    const objects = edges.reduce((sum, edge) => sum + edge.objects, 0);
    const bytes = edges.reduce((sum, edge) => sum + (edge.bytes ?? 0), 0);
    const each = edges.map((edge) => `${edge.edge} ${numberText(edge.objects)}`).join(", ");
    this.say(
      `Dry run: it would purge ${numberText(objects)} responses, ${bytesText(bytes)} (${each}). Nothing was purged.`,
    );
    if (!("all" in body)) return;
    this.tried = JSON.stringify(body);
    this.adapt();
    setText(this.go, `Purge all ${numberText(objects)} responses`);
  }

  async purge() {
    const body = this.body();
    if ("all" in body && this.tried !== JSON.stringify(body)) return;
    const purgeId = `page-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    this.sent = purgeId;
    this.tried = "";
    this.say("Sent. Waiting for the receipts…");
    const answer = await call("/dashboard/purge", { method: "POST", body: { ...body, purgeId } });
    this.adapt();
    if (!answer.ok) return this.say(answer.why, "bad");
    if (this.sent === purgeId) this.tell(answer.document);
  }

  /** @param {PurgeRow} row */
  heard(row) {
    if (row.purgeId === this.sent) this.tell(row);
  }

  /** @param {Pick<PurgeRow, "edges"> & { outcome?: string, detail?: string }} told */
  tell({ edges = [], outcome, detail = "" }) {
    if (outcome === "rejected" || outcome === "unknown")
      return this.say(`The purge is ${outcome}: ${detail}`, "bad");
    const waiting = edges.filter(({ state }) => state === "pending");
    if (edges.length === 0) return;
    if (waiting.length > 0) {
      const names = waiting.map(({ edge }) => edge).join(", ");
      return this.say(
        `${edges.length - waiting.length} of ${edges.length} edges have confirmed. Waiting for ${names}.`,
      );
    }
    const objects = edges.reduce((sum, edge) => sum + edge.objects, 0);
    const slowest = Math.max(...edges.map(({ ms }) => ms));
    this.say(
      `Purged: all ${edges.length} edges have confirmed within ${Math.ceil(slowest)} ms, ${numberText(objects)} responses.`,
      "good",
    );
  }

  /** @param {string} text @param {"good" | "bad" | ""} kind */
  say(text, kind = "") {
    const place = byId("purge-answer");
    place.className = kind;
    setText(place, text);
  }
}
