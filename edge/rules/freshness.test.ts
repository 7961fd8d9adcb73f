import { expect } from "chai";
import { formatHttpDate } from "../../http/message/date.ts";
import { later, NOW, stored, withHead } from "../../test/rig/message.fixture.ts";
import { ttl } from "./freshness.ts";

const DAY = 86_400;
const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

describe("the freshness lifetime", () => {
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [["Cache-Control: max-age=5, s-maxage=9"], 9, "s-maxage"],
    [["Cache-Control: max-age=3600, s-maxage=1"], 1, "s-maxage"],
    [["Cache-Control: max-age=5", `Expires: ${at(90)}`], 5, "max-age"],
    [["Cache-Control: max-age=5", "Expires: 0"], 5, "max-age"],
    [["Cache-Control: max-age=0", `Expires: ${at(90)}`], 0, "max-age"],
    [["Cache-Control: max-age=x", `Expires: ${at(90)}`], 0, "max-age"],
    [["Cache-Control: max-age=5, s-maxage=x"], 0, "s-maxage"],
    [[`Expires: ${at(90)}`], 90, "Expires"],
    [[`Expires: ${at(90)}`, `Date: ${at(30)}`], 60, "Expires"],
    [[`Expires: ${at(90)}`, `Date: ${at(-30)}`], 120, "Expires"],
    [[`Expires: ${at(90)}`, "Date: whenever"], 90, "Expires"],
    [[`Expires: ${at(-90)}`], 0, "Expires"],
    [["Expires: 0"], 0, "Expires"],
    [["Expires:"], 0, "Expires"],
    [[`Expires: ${at(90)}`, "Expires: 0"], 90, "Expires"],
    [["Expires: Thu, 18 Aug 2050 02:01:18 UTC", `Last-Modified: ${at(-DAY)}`], 0, "Expires"],
    [[`Last-Modified: ${at(-1000)}`], 100, "heuristic"],
    [[`Last-Modified: ${at(-1000)}`, "Cache-Control: max-age=7"], 7, "max-age"],
    [[`Last-Modified: ${at(-1000)}`, `Date: ${at(5000)}`], 100, "heuristic"],
    [[`Last-Modified: ${at(-1000 * DAY)}`], DAY, "heuristic"],
    [[`Last-Modified: ${at(100)}`], 0, "heuristic"],
    [["Last-Modified: long ago"], 0, "none"],
    [[], 0, "none"],
    [["CDN-Cache-Control: max-age=8", "Cache-Control: max-age=1"], 8, "CDN-Cache-Control: max-age"],
    [["EdgeCache-Cache-Control: s-maxage=8"], 8, "EdgeCache-Cache-Control: s-maxage"],
    [["CDN-Cache-Control: public", `Expires: ${at(90)}`], 0, "none"],
    [["Surrogate-Control: max-age=8", `Expires: ${at(1)}`], 8, "Surrogate-Control: max-age"],
  ];
  for (const [lines, seconds, source] of cases) {
    it(`gives ${seconds} s by ${source} to ${lines.join("; ") || "no field"}`, () => {
      expect(stored(...lines).lifetime).to.deep.equal({ seconds, source });
    });
  }

  it("guesses only for statuses that allow it, or where the response is public", () => {
    const modified = `Last-Modified: ${at(-500)}`;
    for (const status of [200, 203, 204, 206, 300, 301, 308]) {
      expect(withHead(stored(modified), { status }).lifetime.seconds, String(status)).to.equal(50);
    }
    for (const status of [201, 202, 302, 303, 307, 403, 500, 502, 503, 504, 599]) {
      expect(withHead(stored(modified), { status }).lifetime.source, String(status)).to.equal("none");
      const open = withHead(stored(modified, "Cache-Control: public"), { status });
      expect(open.lifetime.seconds, String(status)).to.equal(50);
    }
  });

  it("guesses at most a minute for an error", () => {
    for (const status of [404, 405, 410, 414, 501]) {
      expect(withHead(stored(`Last-Modified: ${at(-DAY)}`), { status }).lifetime.seconds).to.equal(60);
    }
  });
});

describe("ttl", () => {
  it("falls with the age and goes below zero", () => {
    const head = stored("Cache-Control: max-age=10");
    expect([0, 9_999, 10_000, 15_000].map((ms) => ttl(head, later(ms)))).to.deep.equal([10, 1, 0, -5]);
  });

  it("gives no more life to a Date in the future", () => {
    expect(ttl(stored("Cache-Control: max-age=10", `Date: ${at(3600)}`), later(0))).to.equal(10);
    expect(ttl(stored(`Expires: ${at(3610)}`, `Date: ${at(3600)}`), later(0))).to.equal(10);
  });
});
