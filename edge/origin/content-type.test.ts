import { expect } from "chai";
import { contentTypeOf } from "./content-type.ts";

describe("contentTypeOf", () => {
  for (const [name, type] of [
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTML", "text/html; charset=utf-8"],
    ["app.js", "text/javascript; charset=utf-8"],
    ["app.mjs", "text/javascript; charset=utf-8"],
    ["style.min.css", "text/css; charset=utf-8"],
    ["data.json", "application/json; charset=utf-8"],
    ["site.webmanifest", "application/manifest+json; charset=utf-8"],
    ["logo.svg", "image/svg+xml; charset=utf-8"],
    ["photo.png", "image/png"],
    ["font.woff2", "font/woff2"],
    ["module.wasm", "application/wasm"],
    ["large.bin", "application/octet-stream"],
    ["html", "application/octet-stream"],
    ["trailing.", "application/octet-stream"],
    ["name.__proto__", "application/octet-stream"],
    ["name.constructor", "application/octet-stream"],
    ["name.unheard-of", "application/octet-stream"],
  ] as const) {
    it(`gives ${name} the type ${type}`, () => {
      expect(contentTypeOf(name)).to.equal(type);
    });
  }
});
