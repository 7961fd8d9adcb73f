import { element, setText } from "./element.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => string | Node} cell Text, or a node for a new cell.
 * @property {(row: Row) => string} [sameAs] For nodes: a new one is made when this text changes.
 * @property {"number" | "code" | "wide"} [kind]
 */

/**
 * A table whose rows stay where they are while their text changes. On a narrow screen each row is a card, so the roles
 * are written out: browsers forget those of tables that are laid out otherwise.
 * @template Row
 */
export class Table {
  /**
   * @param {Element} place
   * @param {string} caption
   * @param {readonly Column<Row>[]} columns
   * @param {(row: Row) => string} keyOf
   */
  constructor(place, caption, columns, keyOf) {
    this.columns = columns;
    this.keyOf = keyOf;
    /** @type {Map<string, HTMLTableRowElement>} */
    this.rows = new Map();
    this.body = element("tbody", { role: "rowgroup" });
    const titles = columns.map(({ title, kind = "text" }) =>
      element("th", { scope: "col", role: "columnheader", class: kind }, title),
    );
    this.empty = element("p", { class: "quiet empty" });
    this.table = element(
      "table",
      { role: "table" },
      element("caption", { class: "hidden" }, caption),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...titles)),
      this.body,
    );
    place.append(this.table, this.empty);
    this.show([], "");
  }

  /** @param {readonly Row[]} rows @param {string} whenEmpty */
  show(rows, whenEmpty) {
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    setText(this.empty, whenEmpty);
    const keys = new Set(rows.map(this.keyOf));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    for (const [at, row] of rows.entries()) {
      const shown = this.rowOf(row);
      if (this.body.children[at] !== shown) this.body.insertBefore(shown, this.body.children[at] ?? null);
    }
  }

  /** @param {Row} row */
  rowOf(row) {
    const key = this.keyOf(row);
    const shown = this.rows.get(key) ?? this.newRow();
    this.rows.set(key, shown);
    for (const [at, column] of this.columns.entries()) {
      const cell = shown.cells[at];
      if (cell !== undefined) fill(cell, column, row);
    }
    return shown;
  }

  newRow() {
    const cells = this.columns.map(({ title, kind = "text" }) =>
      element("td", { role: "cell", class: kind, "data-title": title }),
    );
    return element("tr", { role: "row" }, ...cells);
  }
}

/** @template Row @param {HTMLElement} cell @param {Column<Row>} column @param {Row} row */
function fill(cell, column, row) {
  if (column.sameAs !== undefined) {
    const same = column.sameAs(row);
    if (cell.dataset.same === same) return;
    cell.dataset.same = same;
    cell.replaceChildren(column.cell(row));
    return;
  }
  const content = column.cell(row);
  if (typeof content === "string") setText(cell, content);
  else cell.replaceChildren(content);
}
