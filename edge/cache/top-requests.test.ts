import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { type SeenRequest, SeenRequests } from "./seen-requests.ts";
import { TopRequests } from "./top-requests.ts";

describe("the URLs that are asked for most", () => {
  let clock: ManualClock;
  let seen: SeenRequests;
  let top: TopRequests;

  beforeEach(() => {
    clock = new ManualClock();
    seen = new SeenRequests();
    top = new TopRequests(seen, clock);
  });

  function see(url: string, more: Partial<SeenRequest> = {}): void {
    seen.take({
      ...{
        wall: 0,
        method: "GET",
        url,
        target: url,
        site: "s",
        client: "",
        status: 200,
        bytes: 10,
        durationMs: 0,
      },
      ...{
        originMs: 0,
        outcome: { kind: "hit", ttl: 1 },
        protocol: "HTTP/1.1",
        requestId: "",
        validates: undefined,
        vary: "",
        rules: [],
        weight: 1,
      },
      ...more,
    });
  }

  const urls = (...how: Parameters<TopRequests["rows"]>) => top.rows(...how).rows.map(({ url }) => url);

  it("are counted for as many as each request stands for, and sorted by what is asked for", () => {
    see("/hit", { weight: 50 });
    see("/large", { bytes: 9_000 });
    const missed = { kind: "miss", fwd: "uri-miss", stored: false, collapsed: false } as const;
    see("/slow", { durationMs: 900, outcome: missed });
    see("/missed", { outcome: missed, weight: 3 });
    expect(urls("requests", 2)).to.deep.equal(["/hit", "/missed"]);
    expect(urls("bytes", 1)).to.deep.equal(["/large"]);
    expect(urls("slowest", 10)).to.deep.equal(["/slow"]);
    expect(urls("misses", 10)).to.deep.equal(["/missed", "/slow"]);
    expect(top.rows("misses", 1).rows[0]?.missed?.outcome).to.deep.equal(missed);
  });

  it("keep their place in a bounded table while others come once", () => {
    for (let at = 0; at < 5_000; at += 1) {
      see(`/once/${at}`);
      if (at % 3 === 0) see("/often");
    }
    expect(urls("requests", 1)).to.deep.equal(["/often"]);
    expect(top.rows("requests", 10_000).rows).to.have.length(1_000);
  });

  it("are forgotten after ten minutes", () => {
    see("/a");
    clock.advance(5 * 60_000);
    see("/b");
    expect(urls("requests", 10)).to.have.members(["/a", "/b"]);
    clock.advance(5 * 60_000);
    expect(urls("requests", 10)).to.deep.equal(["/b"]);
    expect(top.rows("requests", 1).windowMs).to.equal(5 * 60_000);
    clock.advance(20 * 60_000);
    expect(urls("requests", 10)).to.deep.equal([]);
  });
});
