import { expect } from "chai";
import { momentOf } from "../../edge/rules/moment.ts";
import { searchVariance } from "../../edge/rules/no-vary-search.ts";
import { chargedBytes } from "../../edge/store/charge.ts";
import type { Store } from "../../edge/store/store.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import { Fields } from "../../http/message/fields.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { requestFor, storedResponse } from "../rig/stored-response.fixture.ts";
import { type MakeStore, storePurgeContract } from "./store-purge.contract.ts";

const ROOM = 100_000_000;

/** What every store promises, run on each implementation. */
export function storeContract(make: MakeStore): void {
  let clock: ManualClock;
  let store: Store;

  beforeEach(() => {
    clock = new ManualClock();
    store = make(ROOM, clock);
  });

  function put(target: string, given: Parameters<typeof storedResponse>[1] = {}): StoredResponse {
    const stored = storedResponse(target, given);
    expect(store.put(stored, requestFor(target))).to.equal("stored");
    return stored;
  }

  const held = (target: string) => store.peek(`default ${target}`);
  const inLanguage = (language: string) => ({ selecting: new Map([["accept-language", language]]) });
  const asking = (target: string, language: string) => requestFor(target, { "Accept-Language": language });

  describe("holds responses by key", () => {
    it("gives back what was put, and nothing under another key", () => {
      const stored = put("/a");
      expect(store.variants("default /a")).to.deep.equal([stored]);
      expect(held("/a")).to.deep.equal([stored]);
      expect(store.variants("default /b")).to.deep.equal([]);
      expect([store.objects, store.bytes]).to.deep.equal([1, chargedBytes(stored)]);
    });

    it("shows in place only what `peek` gives, while it is held, and marks nothing as used", async () => {
      const lines = [
        ["ETag", '"a"'],
        ["Surrogate-Control", "max-age=5"],
      ] as const;
      const stored = put("/a?b", {
        ...inLanguage("de"),
        fields: Fields.of(lines),
        sent: "as-stored",
        chunks: [Buffer.from("body")],
        bodyLength: 4,
        tags: ["t"],
        requestTime: { wall: 3, monotonic: 1 },
        responseTime: { wall: 5, monotonic: 2 },
        mark: { position: { epoch: 9, seq: 8 }, flushes: 7, invalidations: 6 },
      });
      const inPlace = () => store.inPlace("default", " /a?b");
      const shown = inPlace();
      if (shown === undefined) throw new Error("the store shows nothing in place");
      const { memory, linesAt, linesEnd, bodyAt, bodyEnd, softPurgedAt } = shown;
      const { status, method, policy, lifetime, initialAge, responseTime, selecting, codings, sent, mark } =
        shown;
      expect(stored).to.deep.include({
        ...{ status, method, policy, lifetime, initialAge, responseTime, selecting, codings, sent, mark },
      });
      expect(memory.toString("latin1", linesAt, linesEnd)).to.equal(stored.clientFields.lines);
      expect(memory.toString("latin1", bodyAt, bodyEnd)).to.equal("body");
      expect([softPurgedAt, store.useCount(stored.key)]).to.deep.equal([undefined, 0]);
      expect(store.usedInPlace(shown)).to.equal(true);
      expect(store.useCount(stored.key)).to.equal(1);
      expect(store.inPlace("default /a", "?")).to.equal(undefined);
      await store.purge([{ kind: "tag", tag: "t" }], 77);
      expect(inPlace()?.softPurgedAt).to.equal(77);
      store.put(storedResponse("/a?b", inLanguage("fr")), asking("/a?b", "fr"));
      expect(inPlace(), "two variants").to.equal(undefined);
      await store.purge([{ kind: "tag", tag: "t" }]);
      expect(inPlace()?.selecting.get("accept-language")).to.equal("fr");
      for (const other of held("/a?b")) store.remove(other);
      expect(inPlace()).to.equal(undefined);
    });

    it("puts a response in the place of the variant that its request selects, and keeps the others", () => {
      for (const language of ["de", "fr", "de"]) {
        store.put(storedResponse("/a", inLanguage(language)), asking("/a", language));
      }
      expect(held("/a").map(({ selecting }) => selecting.get("accept-language"))).to.deep.equal(["fr", "de"]);
      expect(store.objects).to.equal(2);
    });

    describe("with encodings", () => {
      const ENCODINGS = [
        { name: "zstd", chunks: [], length: 0 },
        { name: "br", chunks: [Buffer.from("coded")], length: 5 },
      ] as const;
      const coded = (target: string) => held(target)[0]?.encodings?.map(({ name, length }) => [name, length]);

      for (const [size, length] of [
        ["small", 100],
        ["large", 100_000],
      ] as const) {
        it(`gives back those of a ${size} response, which it counts once and charges for`, () => {
          const given = { chunks: [new Uint8Array(length).fill(7)], bodyLength: length, tags: ["t"] };
          const stored = put("/a", given);
          const encoded = store.encode(stored, ENCODINGS);
          if (typeof encoded === "string") throw new Error(encoded);
          expect(held("/a")).to.deep.equal([{ ...stored, encodings: ENCODINGS }]);
          expect([store.objects, store.bytes]).to.deep.equal([1, chargedBytes(encoded)]);
          expect(store.encode(encoded, [])).to.not.be.a("string");
          expect([held("/a"), store.bytes]).to.deep.equal([[stored], chargedBytes(stored)]);
        });
      }

      it("drops them with their response, and gives none to one that is not stored any more", async () => {
        const stored = put("/a");
        store.encode(stored, ENCODINGS);
        expect(await store.purge([{ kind: "url", target: "/a" }])).to.equal(1);
        expect([store.objects, store.bytes, held("/a")]).to.deep.equal([0, 0, []]);
        expect(store.encode(stored, ENCODINGS)).to.equal("gone");
      });

      it("keeps the others of the key, the order of their uses, and that the response is softly purged", async () => {
        for (const language of ["de", "fr"])
          store.put(storedResponse("/a", inLanguage(language)), asking("/a", language));
        await store.purge([{ kind: "url", target: "/a" }], 5);
        for (const stored of held("/a")) store.encode(stored, ENCODINGS);
        expect(held("/a").map(({ selecting }) => selecting.get("accept-language"))).to.deep.equal([
          "de",
          "fr",
        ]);
        expect(held("/a").map((stored) => store.softPurgedAt(stored))).to.deep.equal([5, 5]);
        expect(coded("/a")).to.deep.equal([
          ["zstd", 0],
          ["br", 5],
        ]);
      });

      it("lets a purge that has begun find a response that gets encodings meanwhile", async () => {
        const stored = Array.from({ length: 50 }, (_, at) => put(`/${at}`));
        const purged = store.purge([{ kind: "prefix", prefix: "/" }]);
        for (const each of stored) store.encode(each, ENCODINGS);
        await purged;
        expect(store.objects).to.equal(0);
      });
    });

    const FRESH = Fields.of([["Cache-Control", "max-age=60"]]);
    const putLanguage = (language: string, fields = FRESH) => {
      const now = momentOf(clock);
      const times = { requestTime: now, responseTime: now };
      const stored = storedResponse("/a", { ...inLanguage(language), fields, ...times });
      expect(store.put(stored, asking("/a", language))).to.equal("stored");
      return stored;
    };
    const languages = () => held("/a").map(({ selecting }) => selecting.get("accept-language"));

    it("holds 16 variants of a key, and gives up the least recently used for the next", () => {
      const variants = Array.from({ length: 16 }, (_, i) => putLanguage(`x${i}`));
      for (const variant of variants) if (variant !== variants[7]) store.used(variant);
      store.used(putLanguage("x3"));
      expect([held("/a").length, store.objects]).to.deep.equal([16, 16]);
      putLanguage("never used");
      expect(languages()).to.include("x0").and.not.include("x7");
      putLanguage("the next");
      expect(languages()).to.include("x0").and.not.include("never used");
      expect([held("/a").length, store.objects]).to.deep.equal([16, 16]);
    });

    it("gives up a variant that has expired before one that is fresh and was never used", () => {
      const brief = putLanguage("brief", Fields.of([["Cache-Control", "max-age=1"]]));
      for (let i = 0; i < 15; i += 1) putLanguage(`x${i}`);
      store.used(brief);
      clock.advance(1_000);
      putLanguage("the next");
      expect(languages()).to.include("x0").and.not.include("brief");
    });

    it("keeps the place of a variant that a newer version replaces", () => {
      const used = putLanguage("de");
      store.used(used);
      putLanguage("de");
      for (let i = 0; i < 40; i += 1) putLanguage(`x${i}`);
      expect(languages()).to.include("de");
    });

    it("forgets what is removed, and takes it for no error when it is gone already", () => {
      const [first, second] = [put("/a"), put("/b")];
      store.remove(first);
      store.remove(first);
      expect(held("/a")).to.deep.equal([]);
      expect([store.objects, store.bytes]).to.deep.equal([1, chargedBytes(second)]);
    });

    it("does not remove what has taken the place of a response", () => {
      const old = put("/a");
      const newer = put("/a");
      store.remove(old);
      expect(held("/a")).to.deep.equal([newer]);
    });

    it("finds responses that stand for another target, on their site and path alone", () => {
      const variance = searchVariance(Fields.of([["No-Vary-Search", 'params=("utm")']]));
      const stored = put("/a?x=1&utm=2", { variance });
      put("/a?x=1");
      put("/b?x=1&utm=2", { variance });
      expect(store.equivalents({ site: "default", target: "/a?x=1&utm=3" })).to.deep.equal([stored]);
      expect(store.equivalents({ site: "shop", target: "/a?x=1&utm=3" })).to.deep.equal([]);
      expect(store.equivalents({ site: "default", target: "/a?x=2" })).to.deep.equal([]);
    });
  });

  describe("keeps to its bytes", () => {
    const body = { chunks: [new Uint8Array(10_000)], bodyLength: 10_000 };
    const size = chargedBytes(storedResponse("/1", body));

    it("holds what fits exactly, and makes room for one byte more", () => {
      for (const [room, left] of [
        [3 * size, ["/1", "/2", "/3"]],
        [3 * size - 1, ["/2", "/3"]],
      ] as const) {
        store = make(room, clock);
        for (const target of ["/1", "/2", "/3"]) put(target, body);
        expect(["/1", "/2", "/3"].filter((target) => held(target).length > 0)).to.deep.equal(left);
        expect([store.objects, store.bytes]).to.deep.equal([left.length, left.length * size]);
      }
    });

    it("takes a response as large as itself, and refuses one that is larger", () => {
      store = make(size, clock);
      put("/1", body);
      store = make(size - 1, clock);
      expect(store.put(storedResponse("/1", body), requestFor("/1"))).to.equal("too-large");
      expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
    });

    it("does not serve on what a larger response was to replace", () => {
      store = make(size - 1, clock);
      put("/1");
      expect(store.put(storedResponse("/1", body), requestFor("/1"))).to.equal("too-large");
      expect([held("/1").length, store.objects, store.bytes]).to.deep.equal([0, 0, 0]);
    });

    it("gives up what has not been used for longest", () => {
      store = make(3 * size, clock);
      for (const target of ["/1", "/2", "/3"]) put(target, body);
      store.variants("default /1");
      store.peek("default /2");
      put("/4", body);
      put("/5", body);
      expect(["/1", "/4", "/5"].map((target) => held(target).length)).to.deep.equal([1, 1, 1]);
      expect(["/2", "/3"].map((target) => held(target).length)).to.deep.equal([0, 0]);
    });

    it("purges nothing by the tags and paths of what it has given up", async () => {
      store = make(size + 200, clock);
      put("/1", { ...body, tags: ["news"] });
      put("/2", body);
      const gone: PurgeTarget[] = [
        { kind: "tag", tag: "news" },
        { kind: "url", target: "/1" },
      ];
      expect(await store.covered(gone)).to.deep.equal({ objects: 0, bytes: 0 });
      expect(await store.purge(gone)).to.equal(0);
    });
  });

  it("counts how often a key is used, also when what it holds is replaced", () => {
    for (const target of ["/a", "/b", "/c"]) put(target);
    const use = (target: string, times: number) => {
      for (let i = 0; i < times; i += 1) store.variants(`default ${target}`);
    };
    use("/a", 3);
    use("/b", 5);
    use("/nowhere", 9);
    put("/b");
    store.peek("default /c");
    const counts = ["/a", "/b", "/c", "/nowhere"].map((target) => store.useCount(`default ${target}`));
    expect(counts).to.deep.equal([3, 5, 0, 0]);
  });

  describe("purges,", () => storePurgeContract(make));
}
