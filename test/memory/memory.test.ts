import { expect } from "chai";
import { promisedBytes } from "../../edge/cache/memory-watch.ts";
import { fillAnEdge } from "./fill-an-edge.ts";
import { MEMORY_ROWS } from "./rows.ts";

const MEMORY = 48 * 2 ** 20;

const measures = process.platform === "linux";

describe(`the memory of an edge${measures ? "" : " (skipped: it is measured on Linux only)"}`, () => {
  before(function () {
    if (!measures) this.skip();
  });

  for (const row of MEMORY_ROWS.filter(({ tested }) => tested)) {
    it(`is what it promises when clients ask for more than fits: ${row.name}`, async () => {
      const { peakBytes } = await fillAnEdge(row, MEMORY);
      expect(peakBytes).to.be.lessThan(promisedBytes(MEMORY));
    });
  }
});
