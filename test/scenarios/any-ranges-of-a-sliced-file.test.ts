import { expect } from "chai";
import fc from "fast-check";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { bytesOf, LargeFile } from "../rig/large-file.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { writtenRules } from "../rig/written-rules.ts";

const SLICE = 64 * 1024;

type Step =
  | {
      readonly kind: "ask";
      readonly from: number;
      readonly bytes: number;
      readonly form: "range" | "open" | "suffix" | "whole";
    }
  | { readonly kind: "wait" }
  | { readonly kind: "change"; readonly grow: number }
  | { readonly kind: "purge"; readonly soft: boolean };

const some = {
  ask: fc.record({
    kind: fc.constant("ask" as const),
    from: fc.nat(3 * SLICE),
    bytes: fc.integer({ min: 1, max: 2 * SLICE }),
    form: fc.constantFrom("range", "open", "suffix", "whole"),
  }),
  wait: fc.record({ kind: fc.constant("wait" as const) }),
  change: fc.record({ kind: fc.constant("change" as const), grow: fc.constantFrom(0, 0, 100, SLICE) }),
  purge: fc.record({ kind: fc.constant("purge" as const), soft: fc.boolean() }),
};
const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: some.ask },
  { weight: 1, arbitrary: some.wait },
  { weight: 2, arbitrary: some.change },
  { weight: 1, arbitrary: some.purge },
);

describe("any ranges of a file in slices", function () {
  this.timeout(30_000);
  let origin: HttpOrigin;
  let edge: TestEdge;
  let clock: ManualClock;
  let film: LargeFile;

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    clock = new ManualClock();
    const rules = writtenRules("rules:\n  - {slice: 64KiB}\n");
    edge = await startTestEdge(origin.url, {
      rules,
      purgeLog: new MemoryPurgeLog(clock),
      clock,
      lease: 30_000_000,
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  it("have the bytes of one version in any state, and after a purge those of the newest", async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(someStep, { minLength: 4, maxLength: 14 }), async (steps) => {
        number += 1;
        await play(`/film/${number}`, steps);
      }),
      { numRuns: 60 },
    );
  });

  async function play(path: string, steps: readonly Step[]): Promise<void> {
    const lengths = [2 * SLICE + 100];
    film = new LargeFile(lengths[0] ?? 0);
    origin.answer(path, film.answer);
    // Older ones must not be met any more.
    let oldest = 1;
    for (const step of steps)
      switch (step.kind) {
        case "wait":
          clock.advance(61_000);
          oldest = film.version;
          break;
        case "change":
          film.version += 1;
          film.length += step.grow;
          lengths.push(film.length);
          break;
        case "purge":
          await purge(edge.control, { $case: "url", url: path }, { soft: step.soft });
          oldest = film.version;
          break;
        case "ask":
          await askFor(path, step, lengths, oldest);
      }
  }

  async function askFor(
    path: string,
    { from, bytes, form }: Extract<Step, { kind: "ask" }>,
    lengths: readonly number[],
    oldest: number,
  ): Promise<void> {
    const asks = { range: `${from}-${from + bytes - 1}`, open: `${from}-`, suffix: `-${bytes}`, whole: "" }[
      form
    ];
    const headers: Record<string, string> = asks === "" ? {} : { Range: `bytes=${asks}` };
    const reply = await get(edge.url, path, { headers }).catch(() => undefined);
    if (reply === undefined) {
      // It may end broken when an older version may be stored still, and not otherwise.
      expect(oldest, "the answer ended broken").to.be.below(film.version);
      return;
    }
    const fits = lengths.some((length, index) => {
      if (index + 1 < oldest) return false;
      const first = { range: from, open: from, suffix: Math.max(0, length - bytes), whole: 0 }[form];
      const last = form === "range" ? Math.min(from + bytes, length) - 1 : length - 1;
      if (first >= length)
        return reply.status === 416 && reply.header("content-range") === `bytes */${length}`;
      const status = form === "whole" ? 200 : 206;
      return reply.status === status && reply.body.equals(bytesOf(index + 1, first, last));
    });
    expect(fits, `${form} ${from} ${bytes}: ${reply.status}, ${reply.body.length} bytes`).to.equal(true);
  }
});
