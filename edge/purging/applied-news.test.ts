import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import type { Position } from "../../purge-log/position.ts";
import type { Confirmation, LogEntry } from "../../purge-log/purge-log.ts";
import { askedVia } from "../../purge-log/taker.ts";
import { purgeOf } from "../../test/rig/purge-log-entries.ts";
import { AppliedNews } from "./applied-news.ts";

const at = (seq: number): Position => ({ epoch: 7, seq });

/** The entry of a purge that `taker` took. */
function entry(seq: number, taker: string): LogEntry {
  const purge = { ...purgeOf(`purge-${seq}`), by: askedVia("10.0.0.1", taker) };
  return { position: at(seq), content: { kind: "purge", purge } };
}

describe("the news of what an edge has applied", () => {
  let told: { readonly taker: string; readonly confirmation: Confirmation }[];
  let beats: number;
  let position: Position;
  let listening: boolean;
  let news: AppliedNews;

  beforeEach(() => {
    told = [];
    beats = 0;
    listening = true;
    news = new AppliedNews({
      purgeLog: {
        confirm: async (taker, confirmation) => {
          told.push({ taker, confirmation });
          await turn();
          return listening;
        },
      },
      standing: () => ({ edge: "edge-2", position, runId: "run" }),
      beat: () => {
        beats += 1;
      },
    });
  });

  function apply(applied: LogEntry, objects: number): void {
    position = applied.position;
    news.applied(applied, objects);
  }

  it("goes to the taker alone, one message for all of its purges, each count once", async () => {
    apply(entry(1, "edge-1"), 3);
    apply(entry(2, "edge-1"), 0);
    apply(entry(3, "edge-3"), 5);
    await news.tell();
    apply(entry(4, "edge-1"), 1);
    await news.tell();
    const standing = { edge: "edge-2", runId: "run" };
    expect(told).to.deep.equal([
      {
        taker: "edge-1",
        confirmation: { ...standing, position: at(3), applied: [{ position: at(1), objects: 3 }] },
      },
      {
        taker: "edge-3",
        confirmation: { ...standing, position: at(3), applied: [{ position: at(3), objects: 5 }] },
      },
      {
        taker: "edge-1",
        confirmation: { ...standing, position: at(4), applied: [{ position: at(4), objects: 1 }] },
      },
    ]);
    expect(beats).to.equal(0);
  });

  it("gathers what is applied while a message is on its way", async () => {
    apply(entry(1, "edge-1"), 0);
    const telling = news.tell();
    for (const seq of [2, 3, 4]) {
      apply(entry(seq, "edge-1"), 0);
      await news.tell();
    }
    await telling;
    expect(told.map(({ confirmation }) => confirmation.position.seq)).to.deep.equal([1, 4]);
  });

  it("stands in a heartbeat at once when nobody listens", async () => {
    listening = false;
    apply(entry(1, "edge-1"), 1);
    await news.tell();
    expect(beats).to.equal(1);
  });

  it("stands in a heartbeat at once after an entry whose taker is not known", async () => {
    apply({ position: at(1), content: { kind: "barrier", reason: "new" } }, 0);
    await news.tell();
    apply({ position: at(2), content: { kind: "purge", purge: purgeOf("by-hand") } }, 0);
    await news.tell();
    expect([beats, told]).to.deep.equal([2, []]);
  });

  it("is for the heartbeats until one of them was confirmed, and never more than 64 counts", () => {
    apply(entry(1, "edge-1"), 3);
    const sent = news.unwritten;
    apply(entry(2, "edge-1"), 4);
    news.written(sent);
    expect(news.unwritten).to.deep.equal([{ position: at(2), objects: 4 }]);
    for (let seq = 3; seq < 100; seq += 1) apply(entry(seq, "edge-1"), 1);
    expect(news.unwritten).to.have.length(64);
    expect(news.unwritten.at(-1)?.position).to.deep.equal(at(99));
  });
});
