import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { promisedBytes } from "../../edge/cache/memory-watch.ts";
import { askForAll } from "./asking-client.ts";
import { fillAnEdge } from "./fill-an-edge.ts";
import { heldUnder } from "./loaded-edge.ts";
import { MEMORY_ROWS } from "./rows.ts";
import { readSlowly, slowReader } from "./slow-readers.ts";

const MEMORY = 48 * 2 ** 20;

const OF_16_KIB = { name: "bodies of 16 KiB", bodyBytes: 16 * 1024, leastCost: 17 * 1024 };

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

  it("leaves most of --memory to the store, at the size that it has by default", async () => {
    const memory = 256 * 2 ** 20;
    const { storedBytes } = await fillAnEdge(OF_16_KIB, memory);
    expect(storedBytes).to.be.within(0.6 * memory, memory);
  });

  const large = Buffer.alloc(8 * 2 ** 20, "x");
  const ofLarge: RequestListener = (_request, response) => {
    response.setHeader("Cache-Control", "max-age=3600");
    response.setHeader("Content-Length", large.length);
    response.end(large);
  };

  it("is what it promises when slow clients read what the store has evicted", async () => {
    const { peakBytes } = await heldUnder(MEMORY, ofLarge, async (port) => {
      const readers: Socket[] = [];
      for (let n = 0; n < 60; n += 1) {
        // A hit for the slow client, unless the edge has no room.
        await askForAll(port, 1, () => request(n)).catch(() => undefined);
        readers.push(await slowReader(port, request(n)));
      }
      await readSlowly(readers, 5_000);
      for (const reader of readers) reader.destroy();
    });
    expect(peakBytes).to.be.lessThan(promisedBytes(MEMORY));
  });

  it("is what it promises when clients send requests ahead and read nothing", async () => {
    const fields = "a: b\r\n".repeat(90);
    const ahead = `GET /1 HTTP/1.1\r\nHost: a\r\n${fields}\r\n`.repeat(150);
    const { peakBytes } = await heldUnder(MEMORY, ofLarge, async (port) => {
      const clients: Socket[] = [];
      for (let n = 0; n < 500; n += 1) clients.push(await slowReader(port, ahead));
      await wait(3_000);
      for (const client of clients) client.destroy();
    });
    expect(peakBytes).to.be.lessThan(promisedBytes(MEMORY));
  });
});

function request(n: number): string {
  return `GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`;
}
