import { expect } from "chai";
import fc from "fast-check";
import { type Ejection, mostEjected, nextEjection, SOUND, type TrafficEvent } from "./ejection.ts";
import { SLOW_START_MS } from "./slow-start.ts";

const ejectedBy = (events: readonly TrafficEvent[], now = 0, before: Ejection = SOUND): Ejection =>
  events.reduce((ejection, event) => nextEjection(ejection, event, now), before);

describe("the ejection of an edge", () => {
  it("takes three failures in a row, and one answer in between begins anew", () => {
    expect(ejectedBy(["failed", "failed"]).until).to.equal(Number.NEGATIVE_INFINITY);
    expect(ejectedBy(["failed", "failed", "answered", "failed", "failed"]).times).to.equal(0);
    expect(ejectedBy(["failed", "failed", "failed"])).to.deep.equal({
      failedInARow: 0,
      times: 1,
      until: 1000,
    });
  });

  it("takes one answer that is not HTTP", () => {
    expect(ejectedBy(["rubbish"]).until).to.equal(1000);
  });

  it("is not made longer by requests that were under way", () => {
    const ejected = ejectedBy(["rubbish"]);
    expect(ejectedBy(["failed", "failed", "rubbish"], 999, ejected)).to.equal(ejected);
  });

  it("takes one failure while the edge returns slowly", () => {
    const ejected = ejectedBy(["rubbish"]);
    expect(ejectedBy(["failed"], 1000, ejected).until).to.equal(3000);
    expect(ejectedBy(["failed"], 1000 + SLOW_START_MS, ejected).until).to.equal(1000);
  });

  it("lasts twice as long each time, up to 30 s", () => {
    let ejection = SOUND;
    const spans: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const now = Math.max(0, ejection.until);
      ejection = nextEjection(ejection, "rubbish", now);
      spans.push(ejection.until - now);
    }
    expect(spans).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("is forgotten after a minute without trouble", () => {
    expect(ejectedBy(["rubbish"], 61_000, ejectedBy(["rubbish"]))).to.deep.include({
      times: 1,
      until: 62_000,
    });
  });

  it("never lasts longer than 30 s, whatever happens when", () => {
    const events = fc.array(
      fc.tuple(fc.constantFrom<TrafficEvent>("answered", "failed", "rubbish"), fc.nat({ max: 20_000 })),
    );
    fc.assert(
      fc.property(events, (history) => {
        let now = 0;
        let ejection = SOUND;
        for (const [event, wait] of history) {
          now += wait;
          ejection = nextEjection(ejection, event, now);
          expect(ejection.until - now).to.be.at.most(30_000);
        }
      }),
    );
  });

  it("leaves a third of the edges, and the last one always", () => {
    expect([0, 1, 2, 3, 4, 6, 9].map(mostEjected)).to.deep.equal([0, 0, 1, 2, 2, 4, 6]);
  });
});
