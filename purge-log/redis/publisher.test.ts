import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { AppendOutcome } from "../purge-log.ts";
import type { Reply } from "./connection.ts";
import { ANSWER_MS, type Batch, type Published, Publisher } from "./publisher.ts";

const FLOOR = { epoch: 7, seq: 1 };

describe("the publisher of a purge log", () => {
  let clock: ManualClock;
  let closed: AbortController;
  let publisher: Publisher;
  let sent: { readonly batch: Batch; answer(reply: Reply<Published>): void }[];
  beforeEach(() => {
    clock = new ManualClock();
    closed = new AbortController();
    sent = [];
    publisher = new Publisher({
      clock,
      closed: closed.signal,
      gather: () => turn(),
      send: (batch) => {
        const { promise, resolve } = Promise.withResolvers<Reply<Published>>();
        sent.push({ batch, answer: resolve });
        return promise;
      },
    });
  });
  afterEach(() => closed.abort());

  const publish = (id: string, floor = FLOOR): Promise<AppendOutcome> =>
    publisher.publish({ purgeId: id, text: `text of ${id}`, digest: "" }, floor);

  const idsOf = (): string[][] => sent.map(({ batch }) => batch.purges.map(({ purgeId }) => purgeId));

  /** The log takes the batch: the first stands at `seq`. */
  const accept = async (index: number, seq: number): Promise<void> => {
    const count = sent[index]?.batch.purges.length ?? 0;
    const positions = Array.from({ length: count }, (_, i) => ({ epoch: 7, seq: seq + i }));
    sent[index]?.answer({ kind: "reply", value: { runId: "history", positions } });
    await turn();
  };

  const advance = async (ms: number): Promise<void> => {
    await turn();
    clock.advance(ms);
    await turn();
  };

  it("sends what comes in one turn together, and gives each its own position", async () => {
    const both = [publish("a"), publish("b")];
    await turn();
    expect(idsOf()).to.deep.equal([["a", "b"]]);
    await accept(0, 5);
    expect(await Promise.all(both)).to.deep.equal([
      { kind: "accepted", position: { epoch: 7, seq: 5 }, runId: "history" },
      { kind: "accepted", position: { epoch: 7, seq: 6 }, runId: "history" },
    ]);
  });

  it("sends what comes while an append is under way after it, in order, 16 at a time", async () => {
    const first = publish("first");
    await turn();
    const ids = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const rest = ids.map((id) => publish(id));
    await turn();
    expect(idsOf()).to.deep.equal([["first"]]);
    await accept(0, 1);
    await accept(1, 2);
    await accept(2, 18);
    expect(idsOf()).to.deep.equal([["first"], ids.slice(0, 16), ids.slice(16)]);
    const seqs = (await Promise.all([first, ...rest])).map((each) =>
      each.kind === "accepted" ? each.position.seq : each.kind,
    );
    expect(seqs).to.deep.equal(Array.from({ length: 21 }, (_, i) => i + 1));
  });

  it("sends a large purge alone, and as many as make a megabyte together", async () => {
    const text = "x".repeat(400_000);
    for (const purgeId of ["a", "b", "c"]) publisher.publish({ purgeId, text, digest: "" }, FLOOR);
    await turn();
    await accept(0, 1);
    expect(idsOf()).to.deep.equal([["a", "b"], ["c"]]);
  });

  it("names the highest floor of those that go together, and lets only those of one epoch do so", async () => {
    publish("a", { epoch: 7, seq: 1 });
    publish("b", { epoch: 7, seq: 9 });
    publish("far", { epoch: 99, seq: 0 });
    await turn();
    await accept(0, 10);
    expect(sent.map(({ batch }) => batch.floor)).to.deep.equal([
      { epoch: 7, seq: 9 },
      { epoch: 99, seq: 0 },
    ]);
  });

  it("tells each of them that all are rejected, or that nothing is known of any", async () => {
    const refused = [publish("a"), publish("b")];
    await turn();
    sent[0]?.answer({ kind: "refused", reason: "READONLY" });
    for (const outcome of await Promise.all(refused))
      expect(outcome).to.deep.equal({ kind: "rejected", reason: "READONLY" });
    const lost = [publish("c"), publish("d")];
    await turn();
    sent[1]?.answer({ kind: "unanswered", reason: "silence" });
    for (const outcome of await Promise.all(lost))
      expect(outcome).to.deep.equal({ kind: "unknown", reason: "silence" });
  });

  it("rejects in time, and never sends, what waited behind an append that is not answered", async () => {
    const first = publish("first");
    await advance(500);
    const behind = publish("behind");
    await advance(ANSWER_MS - 500);
    expect((await first).kind).to.equal("unknown");
    await advance(500);
    expect((await behind).kind).to.equal("rejected");
    sent[0]?.answer({ kind: "unanswered", reason: "silence" });
    await turn();
    expect(idsOf()).to.deep.equal([["first"]]);
  });
});
