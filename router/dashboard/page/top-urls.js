import { byId, element } from "./element.js";
import { bytesText, msText, numberText, UNKNOWN, visibleText } from "./figure-text.js";
import { Table } from "./table.js";

/** @typedef {import("./fleet-event.js").TopRow} TopRow */
/** @typedef {"requests" | "bytes" | "slowest" | "misses"} By */

/** What is asked for most, what is slow, and what misses and why. */
export class TopUrls {
  constructor() {
    /** @type {Partial<Record<By, readonly TopRow[]>>} */
    this.by = {};
    /** @type {By} */
    this.sortedBy = "misses";
    /** @type {Table<TopRow>} */
    this.table = new Table(
      byId("top-rows"),
      "URLs of the last minutes, all edges, estimated from a sample",
      [
        {
          title: "URL",
          cell: ({ url }) =>
            element("bdi", { class: "url", dir: "ltr", title: visibleText(url) }, visibleText(url)),
          sameAs: ({ url }) => url,
          kind: "wide",
        },
        { title: "Misses", cell: ({ misses }) => numberText(misses), kind: "number" },
        { title: "Requests", cell: ({ requests }) => numberText(requests), kind: "number" },
        { title: "Bytes", cell: ({ bytes }) => bytesText(bytes), kind: "number" },
        { title: "Slowest", cell: ({ slowestMs }) => msText(slowestMs), kind: "number" },
        { title: "Why it missed", cell: ({ reason }) => visibleText(reason) || UNKNOWN, kind: "wide" },
        { title: "What would mend it", cell: ({ mend }) => visibleText(mend) || UNKNOWN, kind: "wide" },
      ],
      ({ site, url }) => `${site} ${url}`,
    );
    byId("top-by").addEventListener("change", (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      if (value === "requests" || value === "bytes" || value === "slowest" || value === "misses")
        this.sortedBy = value;
      this.draw();
    });
    this.draw();
  }

  /** @param {Partial<Record<By, readonly TopRow[]>>} by */
  show(by) {
    this.by = by;
    this.draw();
  }

  draw() {
    const rows = this.by[this.sortedBy] ?? [];
    const seen = rows.filter(({ misses }) => this.sortedBy !== "misses" || misses > 0);
    this.table.show(seen, this.sortedBy === "misses" ? "Nothing has missed of late." : "No request of late.");
  }
}
