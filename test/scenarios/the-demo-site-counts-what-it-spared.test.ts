import { expect } from "chai";

interface Figures {
  readonly requests: number;
  readonly spared: number;
  readonly bytes: number;
  note(seen: object): void;
}

describe("the figures of the demo site", () => {
  const seen = (cacheStatus: object) => ({
    source: "fetch",
    path: "/demo/news",
    bytes: 10,
    fields: { "Proxy-Status": null },
    cacheStatus: { cache: "edge-1", hit: false, stored: false, collapsed: false, ...cacheStatus },
  });
  let figures: Figures;

  beforeEach(async () => {
    const page: { readonly Saved: new () => Figures } = await import(
      new URL("../../assets/saved.js", import.meta.url).href
    );
    figures = new page.Saved();
  });

  for (const [what, cacheStatus, spared, bytes] of [
    ["a hit", { hit: true, ttl: 5 }, 1, 10],
    ["a request that shared the fill of another one", { fwd: "uri-miss", collapsed: true }, 1, 10],
    ["a stale response, behind which the edge asks", { hit: true, ttl: -1 }, 0, 10],
    ["a stale response after the origin failed", { hit: true, ttl: -1, detail: "stale-if-error" }, 0, 10],
    ["a revalidated response", { fwd: "stale", fwdStatus: 304 }, 0, 10],
    ["a miss", { fwd: "uri-miss", stored: true }, 0, 0],
  ] as const) {
    it(`say that ${what} spared the origin ${spared} requests and ${bytes} bytes`, () => {
      figures.note(seen(cacheStatus));
      expect([figures.requests, figures.spared, figures.bytes]).to.deep.equal([1, spared, bytes]);
    });
  }
});
