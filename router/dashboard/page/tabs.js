import { byId } from "./element.js";

// An id alone would make the browser scroll to the panel and put the focus there.
const PREFIX = "#show=";

/** WAI-ARIA Authoring Practices, pattern "Tabs": arrow keys go from tab to tab, Tab goes into the panel. */
export class Tabs {
  constructor() {
    this.list = byId("tabs");
    for (const tab of this.list.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => this.select(/** @type {HTMLElement} */ (tab)));
      // Its content may be longer than the room that it has.
      byId(tab.getAttribute("aria-controls") ?? "").tabIndex = 0;
    }
    this.list.addEventListener("keydown", (event) => this.move(event));
    const wished = location.hash.slice(PREFIX.length);
    this.select(this.named(wished) ?? this.all()[0]);
    // Of a tab that comes when the router has said what it has.
    this.wished = wished;
  }

  /** After tabs have come or gone. */
  restore() {
    const selected = this.list.querySelector("[aria-selected=true]");
    const wished = this.named(this.wished);
    if (wished !== undefined) this.select(wished);
    else if (selected === null || selected.hasAttribute("hidden")) this.select(this.all()[0]);
  }

  /** @returns {HTMLElement[]} */
  all() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("[role=tab]"))].filter(
      ({ hidden }) => !hidden,
    );
  }

  /** @param {string} panel */
  named(panel) {
    return this.all().find((tab) => tab.getAttribute("aria-controls") === panel);
  }

  /** @param {HTMLElement | undefined} selected */
  select(selected) {
    if (selected === undefined) return;
    this.wished = selected.getAttribute("aria-controls") ?? "";
    for (const tab of this.list.querySelectorAll("[role=tab]")) {
      const isSelected = tab === selected;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.setAttribute("tabindex", isSelected ? "0" : "-1");
      byId(tab.getAttribute("aria-controls") ?? "").hidden = !isSelected;
    }
    // So that a reload, or somebody who gets the address, sees the same panel.
    history.replaceState(null, "", `${PREFIX}${this.wished}`);
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const tabs = this.all();
    const at = tabs.findIndex((tab) => tab.matches(":focus"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[
      event.key
    ];
    const tab = to === undefined ? undefined : tabs[to % tabs.length];
    if (tab === undefined) return;
    event.preventDefault();
    tab.focus();
    this.select(tab);
  }
}
