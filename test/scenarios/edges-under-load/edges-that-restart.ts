import { Agent } from "node:http";
import { expect } from "chai";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";
import { isServing } from "../../rig/router-process.ts";
import { ask } from "../../rig/steady-load.ts";
import { until } from "../../rig/until.ts";

export function edgesRestart(whole: WholeSystem): void {
  describe("edges that are restarted under load", () => {
    let system: RoutedSystem;
    before(async () => {
      system = await whole();
    }).timeout(60_000);

    it("lose nothing at all when one is told to stop during a long download", async () => {
      const { edges, origin, pages, router } = system;
      await using load = system.mixedLoad();
      const half = origin.hold("/download", "body");
      const download = ask(new URL(router.base), "/download", pages, new Agent());
      await origin.received("/download");
      const via = origin.requests("/download").at(-1)?.header("via");
      const edge = edges.find(({ id }) => via?.endsWith(` ${id}`));
      const stopped = edge?.close();
      await router.until("one drains", (rows) => rows.some(({ state }) => state === "draining"));
      // For a while it still answers whoever comes; then its port is closed.
      const url = `http://127.0.0.1:${edge?.httpPort}/small`;
      await until("the edge has closed its port", async () => !(await answers(url)));
      await load.more(50);
      half.open();
      expect(await download).to.include({ ending: "whole", servedBy: edge?.id });
      expect(await stopped).to.equal(0);
      await router.until("it is forgotten", (rows) => rows.every((row) => row.edge !== edge?.id));
      await load.stop();
      expect(load.broken).to.deep.equal([]);
    }).timeout(60_000);

    it("lose nothing at all when all are, one after another", async () => {
      const { edges, router } = system;
      await using load = system.mixedLoad();
      for (const edge of edges) {
        await edge.close();
        await edge.launch();
        await router.until("it serves again", (rows) => isServing(rows, edge.id));
      }
      await load.more(50);
      await load.stop();
      expect(load.broken).to.deep.equal([]);
      expect(new Set(load.asked.map(({ servedBy }) => servedBy)).size).to.be.above(1);
    }).timeout(60_000);
  });
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.arrayBuffer();
  return response !== undefined;
}
