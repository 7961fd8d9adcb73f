import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { createLog } from "../../../process/log.ts";
import { Gate } from "../../../test/rig/gate.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { memoryStore } from "../../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../../test/rig/stored-response.fixture.ts";
import { until } from "../../../test/rig/until.ts";
import { type CompressRules, contentCodings, NO_COMPRESSION } from "../../rules/compression.ts";
import { type PurgeStanding, TRUSTED } from "../../rules/purge-standing.ts";
import { chargedBytes } from "../../store/charge.ts";
import type { MemoryStore } from "../../store/memory-store.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import { EdgeCounters } from "../metrics.ts";
import { Compressor } from "./compressor.ts";
import { encode } from "./encode.ts";

const MIB = 2 ** 20;
const RULES: CompressRules = { ...NO_COMPRESSION, codings: contentCodings };
const FIELDS = Fields.of([
  ["Content-Type", "text/plain"],
  ["ETag", '"a"'],
  ["Vary", "Accept-Encoding"],
]);

const MARK = { position: { epoch: 1, seq: 1 }, flushes: 0, invalidations: 0 };

describe("the line of encodings", () => {
  let clock: ManualClock;
  let store: MemoryStore;
  let counters: EdgeCounters;
  let compressor: Compressor;
  let standing: PurgeStanding;
  /** Whether a purge has covered a dictionary. */
  let removed: boolean;
  /** Names of what is encoded, in order; each waits at the gate. */
  let begun: string[];
  let gate: Gate;
  let encodes: typeof encode;

  function setUp(room = 64 * MIB): void {
    clock = new ManualClock();
    store = memoryStore(room, clock);
    counters = new EdgeCounters();
    standing = TRUSTED;
    removed = false;
    begun = [];
    gate = new Gate();
    encodes = encode;
    compressor = new Compressor({
      store,
      counters,
      purges: { standing: () => standing, mark: () => MARK, removed: () => removed },
      log: createLog("test", "silent"),
      rulesOf: () => RULES,
      encode: async (job) => {
        begun.push(job.name);
        await gate.passed;
        return encodes(job);
      },
    });
  }

  beforeEach(() => setUp());

  function put(
    target: string,
    length = 4_000,
    fields = FIELDS,
    text = `${target} is long. `,
  ): StoredResponse {
    const chunks = [new Uint8Array(Buffer.alloc(length, text))];
    const selecting = new Map([["accept-encoding", "identity"]]);
    const now = { wall: 1_000, monotonic: clock.monotonic() };
    const times = { requestTime: now, responseTime: now };
    const stored = storedResponse(target, { fields, chunks, bodyLength: length, selecting, ...times });
    store.put(stored, requestFor(target, { "Accept-Encoding": "identity" }));
    return stored;
  }

  const held = (target: string) => store.peek(`default ${target}`)[0];
  const made = (target: string) =>
    held(target)?.encodings?.map(({ name, length }) => [name, length > 0]) ?? [];
  const drops = () =>
    Object.fromEntries(counters.reasons("encodingsDropped").filter(([, count]) => count > 0));
  const idle = () => until("nothing waits", () => compressor.bytes === 0);

  it("makes each encoding once, however often it is wanted, and charges for it", async () => {
    const stored = put("/a", 4_000, FIELDS, randomBytes(2_000).toString("hex"));
    const before = store.bytes;
    for (let time = 0; time < 3; time += 1) compressor.want(stored, "gzip");
    compressor.want(stored, "br");
    gate.open();
    await idle();
    expect(begun).to.deep.equal(["gzip", "br"]);
    expect(made("/a")).to.deep.equal([
      ["br", true],
      ["gzip", true],
    ]);
    const now = held("/a");
    if (now === undefined) throw new Error("it is not there");
    expect(store.bytes).to.equal(chargedBytes(now)).and.be.greaterThan(before);
    const gzip = now.encodings?.find(({ name }) => name === "gzip");
    expect(gunzipSync(Buffer.concat(gzip?.chunks ?? []))).to.deep.equal(Buffer.concat(now.chunks));
    expect([counters.get("encodingsMade"), store.objects]).to.deep.equal([2, 1]);
  });

  it("keeps none that is hardly smaller, and does not try again", async () => {
    encodes = ({ body }) => body.subarray(0, 3_601);
    gate.open();
    compressor.want(put("/a"), "br");
    await idle();
    expect(made("/a")).to.deep.equal([["br", false]]);
    expect([counters.get("encodingsNotSmaller"), counters.get("encodingsMade")]).to.deep.equal([1, 0]);
    encodes = ({ body }) => body.subarray(0, 3_600);
    compressor.want(put("/b"), "br");
    await idle();
    expect(made("/b")).to.deep.equal([["br", true]]);
  });

  it("holds 1,024 jobs, and drops the next", async () => {
    const stored = Array.from({ length: 1_025 }, (_, at) => put(`/${at}`));
    for (const each of stored.slice(0, 1_024)) compressor.want(each, "zstd");
    expect(drops()).to.deep.equal({});
    for (const each of stored.slice(1_024)) compressor.want(each, "zstd");
    expect(drops()).to.deep.equal({ "queue-full": 1 });
    gate.open();
    await idle();
    expect(counters.get("encodingsMade")).to.equal(1_024);
    expect(made("/1024")).to.deep.equal([]);
  });

  it("holds bodies of 16 MiB, and drops the next until there is room", async () => {
    compressor.want(put("/first", 8 * MIB), "zstd");
    compressor.want(put("/second", 8 * MIB - 4_000), "zstd");
    compressor.want(put("/fits", 4_000), "zstd");
    expect([drops(), compressor.bytes]).to.deep.equal([{}, 16 * MIB]);
    compressor.want(put("/not", 1_024), "zstd");
    expect(drops()).to.deep.equal({ "queue-full": 1 });
    gate.open();
    await idle();
    compressor.want(put("/not", 1_024), "zstd");
    await idle();
    expect(made("/not")).to.deep.equal([["zstd", true]]);
  });

  it("makes those of bodies up to 8 MiB", async () => {
    gate.open();
    compressor.want(put("/fits", 8 * MIB), "zstd");
    compressor.want(put("/not", 8 * MIB + 1), "zstd");
    await idle();
    expect([made("/fits"), made("/not"), drops()]).to.deep.equal([[["zstd", true]], [], {}]);
  });

  it("lets the requests of an edge have a turn after each of a thousand", async () => {
    gate.open();
    for (let at = 0; at < 1_000; at += 1) compressor.want(put(`/${at}`), "zstd");
    let [turns, most] = [0, 0];
    while (compressor.bytes > 0) {
      const before = begun.length;
      await turn();
      turns += 1;
      most = Math.max(most, begun.length - before);
    }
    expect([begun.length, most]).to.deep.equal([1_000, 1]);
    expect(turns).to.be.at.least(999);
  });

  for (const [what, happens] of [
    ["purged", () => store.purge([{ kind: "url", target: "/a" }])],
    [
      "replaced",
      () => {
        clock.advance(1);
        const newer = { requestTime: { wall: 1, monotonic: 1 }, responseTime: { wall: 1, monotonic: 1 } };
        store.put(
          { ...storedResponse("/a", newer), fields: FIELDS },
          requestFor("/a", { "Accept-Encoding": "identity" }),
        );
      },
    ],
    [
      "about to be purged, though the search has not met it",
      () => {
        standing = { kind: "purged" };
      },
    ],
    [
      "read without a lease",
      () => {
        standing = { kind: "lapsed", servesStale: false };
      },
    ],
  ] as const) {
    it(`gives no encoding to a response that is ${what} while it is made`, async () => {
      compressor.want(put("/a"), "br");
      await until("it is under way", () => begun.length === 1);
      await happens();
      gate.open();
      await idle();
      expect([made("/a"), drops()]).to.deep.equal([[], { gone: 1 }]);
    });
  }

  it("begins none for a response that has gone while it waited", async () => {
    compressor.want(put("/first"), "br");
    compressor.want(put("/a"), "br");
    await store.purge([{ kind: "url", target: "/a" }]);
    gate.open();
    await idle();
    expect([begun, drops()]).to.deep.equal([["br"], { gone: 1 }]);
  });

  it("keeps an encoding that fits into the store, and none that does not", async () => {
    const encodings = [{ name: "br", length: 5_000, chunks: [new Uint8Array(5_000)] }] as const;
    const least = chargedBytes({ ...put("/a", 100_000), encodings });
    for (const [room, dropped] of [
      [least, {}],
      [least - 1, { "no-room": 1 }],
    ] as const) {
      setUp(room);
      encodes = ({ body }) => body.subarray(0, 5_000);
      gate.open();
      compressor.want(put("/a", 100_000), "br");
      await idle();
      expect(drops()).to.deep.equal(dropped);
      expect(held("/a")?.bodyLength).to.equal(100_000);
    }
  });

  it("lets a failure cost no more than its encoding", async () => {
    encodes = () => {
      throw new Error("the thread has ended");
    };
    gate.open();
    compressor.want(put("/a"), "br");
    await idle();
    encodes = encode;
    compressor.want(put("/b"), "br");
    await idle();
    expect([made("/a"), made("/b"), drops()]).to.deep.equal([[], [["br", true]], { failed: 1 }]);
  });

  it("takes nothing any more once it is stopped, and gives up what waits", async () => {
    const [first, second, third] = [put("/first"), put("/second"), put("/third")];
    compressor.want(first, "br");
    compressor.want(second, "br");
    await until("it is under way", () => begun.length === 1);
    encodes = () => {
      throw new Error("the thread has ended");
    };
    compressor.stop();
    compressor.want(third, "br");
    expect(compressor.bytes).to.equal(first.bodyLength);
    gate.open();
    await idle();
    await turn();
    expect([begun, drops(), made("/second")]).to.deep.equal([["br"], {}, []]);
  });

  it("makes brotli anew for what is used 64 times, when nothing waits", async () => {
    gate.open();
    compressor.want(put("/a"), "br");
    await idle();
    for (let use = 0; use < 63; use += 1) store.variants("default /a");
    compressor.improve();
    await idle();
    expect(begun).to.deep.equal(["br"]);
    store.variants("default /a");
    encodes = ({ body }) => body.subarray(0, 10);
    compressor.improve();
    await idle();
    expect(made("/a")).to.deep.equal([["br-11", true]]);
    compressor.improve();
    await idle();
    expect(begun).to.deep.equal(["br", "br-11"]);
  });

  describe("makes of a version and the one before it", () => {
    const previous = (text: string, length = 4_000) =>
      storedResponse("/a", {
        fields: FIELDS,
        chunks: [new Uint8Array(Buffer.alloc(length, text))],
        bodyLength: length,
      });

    it("a delta, behind the encodings that wait already", async () => {
      const stored = put("/a", 4_000, FIELDS, randomBytes(4_000).toString("base64"));
      const text = Buffer.concat(stored.chunks);
      compressor.want(stored, "gzip");
      compressor.want(stored, { dictionary: previous(`${text.subarray(0, 3_000).toString()} and more`) });
      expect(compressor.bytes).to.equal(12_000);
      gate.open();
      await idle();
      expect(begun).to.deep.equal(["gzip", "dcz"]);
      expect(made("/a")).to.deep.equal([
        ["gzip", true],
        ["dcz", true],
      ]);
    });

    it("none that saves little beside an encoding without dictionary", async () => {
      const stored = put("/a", 4_000, FIELDS, "of one word");
      compressor.want(stored, "zstd");
      compressor.want(stored, { dictionary: previous("something else ") });
      gate.open();
      await idle();
      expect(made("/a")).to.deep.equal([
        ["zstd", true],
        ["dcz", false],
      ]);
    });

    it("none when a purge has taken the new version meanwhile", async () => {
      const stored = put("/a");
      compressor.want(stored, { dictionary: previous("something else ") });
      await until("it is under way", () => begun.length === 1);
      await store.purge([{ kind: "everything" }]);
      gate.open();
      await idle();
      expect([held("/a"), drops()]).to.deep.equal([undefined, { gone: 1 }]);
    });

    it("one for each version of a key that waits", async () => {
      const first = put("/a");
      compressor.want(first, { dictionary: previous("something else ") });
      clock.advance(1);
      const second = put("/a", 4_000, FIELDS, "the next version. ");
      compressor.want(second, { dictionary: first });
      gate.open();
      await idle();
      expect([made("/a"), drops()]).to.deep.equal([[["dcz", true]], { gone: 1 }]);
    });

    for (const isPurged of [false, true])
      it(`${isPurged ? "none" : "one"} for what has come in its place with the same bytes, when a purge has ${isPurged ? "" : "not "}covered the version before`, async () => {
        compressor.want(put("/a"), { dictionary: previous("something else ") });
        await until("it is under way", () => begun.length === 1);
        clock.advance(1);
        put("/a");
        removed = isPurged;
        gate.open();
        await idle();
        expect([made("/a"), drops()]).to.deep.equal(isPurged ? [[], { gone: 1 }] : [[["dcz", true]], {}]);
      });

    it("none for what has come in its place without a tag of the version before", async () => {
      const tagged = { ...previous("something else "), tags: ["old"] };
      compressor.want(put("/a"), { dictionary: tagged });
      await until("it is under way", () => begun.length === 1);
      clock.advance(1);
      put("/a");
      gate.open();
      await idle();
      expect([made("/a"), drops()]).to.deep.equal([[], { gone: 1 }]);
    });

    it("the delta that was there, when the version is the same", async () => {
      const old = put("/a");
      compressor.want(old, { dictionary: previous("something else ") });
      gate.open();
      await idle();
      const before = held("/a");
      if (before === undefined) throw new Error("it is there");
      clock.advance(1);
      compressor.want(put("/a"), { dictionary: before });
      await idle();
      expect(begun).to.deep.equal(["dcz"]);
      expect(held("/a")?.encodings).to.deep.equal(before.encodings);
    });

    it("none by bytes that zstd would take for a dictionary in a format, nor by more than 8 MiB", async () => {
      const stored = put("/a");
      const formatted = Buffer.alloc(4_000, "a");
      formatted.set([0x37, 0xa4, 0x30, 0xec]);
      compressor.want(stored, { dictionary: previous("a", 8 * MIB + 1) });
      compressor.want(stored, {
        dictionary: storedResponse("/a", { fields: FIELDS, chunks: [formatted], bodyLength: 4_000 }),
      });
      expect(compressor.bytes).to.equal(0);
      compressor.want(stored, { dictionary: previous("a", 8 * MIB) });
      expect(compressor.bytes).to.equal(8 * MIB + 4_000);
      gate.open();
      await idle();
    });
  });
});
