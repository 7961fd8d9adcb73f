import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { withTables } from "./readme-tables.ts";

const readme = readFileSync(resolve(import.meta.dirname, "../README.md"), "utf8");

describe("the README's tables", () => {
  it("are what the code says: run npm run docs when this fails", () => {
    expect(readme).to.equal(withTables(readme));
  });

  it("are made anew where one was edited by hand", () => {
    expect(withTables(readme.replace("`EDGE_PORT`", "`EDGE_PROT`"))).to.equal(readme);
  });

  it("must all have their markers", () => {
    expect(() => withTables(readme.replace("<!-- begin flags:edge -->", ""))).to.throw(
      "the table flags:edge",
    );
  });

  it("must be known", () => {
    const unknown = "<!-- begin flags:disk -->\n<!-- end flags:disk -->";
    expect(() => withTables(`${readme}${unknown}`)).to.throw("no table is named flags:disk");
  });
});
