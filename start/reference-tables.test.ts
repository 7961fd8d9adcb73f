import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { withTables } from "./reference-tables.ts";

const page = readFileSync(resolve(import.meta.dirname, "../docs/reference.md"), "utf8");

describe("the tables of docs/reference.md", () => {
  it("are what the code says: run npm run docs when this fails", () => {
    expect(page).to.equal(withTables(page));
  });

  it("are made anew where one was edited by hand", () => {
    expect(withTables(page.replace("`EDGE_PORT`", "`EDGE_PROT`"))).to.equal(page);
  });

  it("must all have their markers", () => {
    expect(() => withTables(page.replace("<!-- begin flags:edge -->", ""))).to.throw("the table flags:edge");
  });

  it("must be known", () => {
    const unknown = "<!-- begin flags:disk -->\n<!-- end flags:disk -->";
    expect(() => withTables(`${page}${unknown}`)).to.throw("no table is named flags:disk");
  });
});
