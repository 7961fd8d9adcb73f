import { expect } from "chai";
import { explainAnswer } from "../../edge/control-plane/http/answers.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { type Asking, ask, get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { bytesOf, LargeFile } from "../rig/large-file.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { problemsOf, writtenRules } from "../rig/written-rules.ts";

const SLICE = 64 * 1024;
const GIB = 1024 ** 3;

describe("a large file in slices", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let clock: ManualClock;
  let film: LargeFile;

  beforeEach(async () => {
    film = new LargeFile(3 * SLICE + 100);
    origin = await HttpOrigin.start({ "/film": film.answer });
    clock = new ManualClock();
    edge = await startTestEdge(origin.url, {
      rules: writtenRules("rules:\n  - {match: {path: [/film, /none]}, slice: 64KiB}\n"),
      purgeLog: new MemoryPurgeLog(clock),
      clock,
      lease: 3_000_000,
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const fetched = async (headers: Asking["headers"] = {}) => {
    const reply = await get(edge.url, "/film", { headers });
    return { ...reply, status: reply.status, cache: reply.header("cache-status") ?? "" };
  };
  const range = (from: number | string, to: number | string = "") =>
    fetched({ Range: `bytes=${from}-${to}` });
  const isRange = (
    reply: Awaited<ReturnType<typeof range>>,
    first: number,
    last: number,
    version = 1,
  ): void => {
    expect(reply.status).to.equal(206);
    expect(reply.header("content-range")).to.equal(`bytes ${first}-${last}/${film.length}`);
    expect(reply.header("content-length")).to.equal(String(last - first + 1));
    expect(reply.body.equals(bytesOf(version, first, last))).to.equal(true);
  };
  const isWhole = (reply: Awaited<ReturnType<typeof range>>, version = 1): void => {
    expect([reply.status, reply.header("content-range")]).to.deep.equal([200, undefined]);
    expect(reply.header("content-length")).to.equal(String(film.length));
    expect(reply.body.equals(bytesOf(version, 0, film.length - 1))).to.equal(true);
  };

  it("costs one slice for a hundred bytes in the middle of 20 GB", async () => {
    film.length = 20 * GIB;
    const middle = 10 * GIB + 12_345;
    isRange(await range(middle, middle + 99), middle, middle + 99);
    expect(film.sent).to.equal(SLICE);
    expect(film.ranges).to.deep.equal([`bytes=${10 * GIB}-${10 * GIB + SLICE - 1}`]);
    const again = await range(middle + 100, middle + 199);
    isRange(again, middle + 100, middle + 199);
    expect(again.cache).to.contain("; hit; ").and.contain("detail=slice");
    expect(film.ranges).to.have.length(1);
  });

  it("is put together to the whole and to any range", async () => {
    const first = await fetched();
    isWhole(first);
    expect(first.cache).to.contain("fwd=uri-miss").and.contain("detail=slice");
    expect(film.ranges).to.have.length(4);
    const hit = await fetched();
    isWhole(hit);
    expect(hit.cache).to.contain("; hit; ");
    isRange(await range(SLICE - 10, 2 * SLICE + 9), SLICE - 10, 2 * SLICE + 9);
    isRange(await range(2 * SLICE), 2 * SLICE, film.length - 1);
    isRange(await range("", 50), film.length - 50, film.length - 1);
    expect(film.ranges).to.have.length(4);
  });

  it("is no hit when one of its slices has to be fetched", async () => {
    await range(0, 9);
    const both = await range(SLICE - 5, SLICE + 5);
    isRange(both, SLICE - 5, SLICE + 5);
    expect(both.cache).to.contain("fwd=partial").and.contain("detail=slice");
    expect(film.ranges).to.have.length(2);
  });

  it("answers conditions, and ranges that it cannot satisfy, as for the whole", async () => {
    isWhole(await fetched());
    expect((await fetched({ "If-None-Match": '"v1"' })).status).to.equal(304);
    isWhole(await fetched({ Range: "bytes=5-9", "If-Range": '"v0"' }));
    isRange(await fetched({ Range: "bytes=5-9", "If-Range": '"v1"' }), 5, 9);
    const beyond = await range(film.length);
    expect([beyond.status, beyond.header("content-range")]).to.deep.equal([416, `bytes */${film.length}`]);
    const far = await range(10 * SLICE);
    expect([far.status, far.header("content-range")]).to.deep.equal([416, `bytes */${film.length}`]);
  });

  it("asks the origin once for a slice that many want", async () => {
    const gate = origin.hold("/film", "fields");
    const asking = Array.from({ length: 5 }, (_, each) => range(SLICE + each, SLICE + each + 9));
    await origin.received("/film");
    gate.open();
    for (const [each, reply] of (await Promise.all(asking)).entries())
      isRange(reply, SLICE + each, SLICE + each + 9);
    expect(film.ranges).to.have.length(1);
  });

  it("costs a client that leaves no more than it has read, and a slice ahead", async () => {
    film.length = GIB;
    const { message } = await ask(edge.url, "/film");
    await message[Symbol.asyncIterator]().next();
    message.destroy();
    // What the sockets between client and edge hold has been read too.
    expect(film.sent).to.be.below(64 * 1024 * 1024);
  });

  it("breaks an answer off whose file changes, and begins the next one anew", async () => {
    isRange(await range(0, 9), 0, 9);
    film.version = 2;
    const broken = await fetched().then(
      () => "whole",
      () => "broken",
    );
    expect(broken).to.equal("broken");
    isWhole(await fetched(), 2);
    isRange(await range(0, 9), 0, 9, 2);
  });

  it("takes what is left of an older version for nothing", async () => {
    isRange(await range(SLICE, SLICE + 9), SLICE, SLICE + 9);
    film.version = 2;
    isWhole(await fetched(), 2);
    isRange(await range(SLICE, SLICE + 9), SLICE, SLICE + 9, 2);
  });

  for (const [name, target] of [
    ["its URL", { $case: "url", url: "/film" }],
    ["its prefix", { $case: "prefix", prefix: "/fi" }],
    ["its tag", { $case: "tag", tag: "films" }],
    ["a purge of everything", { $case: "everything", everything: true }],
  ] as const)
    it(`is purged as a whole by ${name}`, async () => {
      film.fields = [...film.fields, ["Cache-Tag", "films"]];
      isWhole(await fetched());
      film.version = 2;
      await purge(edge.control, target);
      isRange(await range(SLICE, SLICE + 9), SLICE, SLICE + 9, 2);
      isWhole(await fetched(), 2);
    });

  it("asks once whether a stale file is still the same", async () => {
    isWhole(await fetched());
    clock.advance(61_000);
    isWhole(await fetched());
    expect(film.ranges).to.have.length(5);
    const hit = await fetched();
    isWhole(hit);
    expect(hit.cache).to.contain("; hit; ");
    expect(film.ranges).to.have.length(5);
  });

  it("asks once for a client that demands it", async () => {
    isWhole(await fetched());
    clock.advance(1_000);
    isWhole(await fetched({ "Cache-Control": "no-cache" }));
    expect(film.ranges).to.have.length(5);
    film.version = 2;
    clock.advance(1_000);
    isWhole(await fetched({ "Cache-Control": "max-age=0" }), 2);
  });

  it("is fetched whole where nothing strong ties its slices together", async () => {
    film.validator = () => [["ETag", 'W/"v1"']];
    isWhole(await fetched());
    expect(film.ranges).to.deep.equal([`bytes=0-${SLICE - 1}`, undefined]);
    isWhole(await fetched());
    expect(film.ranges).to.have.length(2);
  });

  it("is fetched whole where the origin knows no ranges", async () => {
    film.readsRanges = false;
    isWhole(await fetched());
    expect(film.ranges).to.have.length(2);
    isRange(await range(5, 9), 5, 9);
    expect(film.ranges).to.have.length(2);
  });

  it("answers HEAD from its first slice", async () => {
    const head = () => get(edge.url, "/film", { method: "HEAD", headers: { Range: "bytes=5-9" } });
    for (const cached of ["fwd=uri-miss", "; hit; "]) {
      const reply = await head();
      expect([reply.status, reply.header("content-length")]).to.deep.equal([200, String(film.length)]);
      expect([reply.body.length, reply.header("content-range")]).to.deep.equal([0, undefined]);
      expect(reply.header("cache-status")).to.contain(cached);
      // The slice arrives behind the answer.
      await until("the slice is stored", async () => (await stats(edge.control)).objects === 1);
    }
    isRange(await range(5, 9), 5, 9);
    expect(film.ranges).to.have.length(1);
    const none = await get(edge.url, "/none", { method: "HEAD" });
    expect([none.status, none.body.length]).to.deep.equal([404, 0]);
  });

  it("is explained by its first slice", async () => {
    const explained = async () =>
      explainAnswer.parse(JSON.parse((await get(edge.operator, `/explain?url=${edge.url}/film`)).text));
    expect((await explained()).next).to.contain("fwd=uri-miss");
    await range(0, 9);
    const { next, key, variants } = await explained();
    expect(next).to.contain("hit");
    expect(key).to.equal(`default slice/${SLICE}/0 ${edge.url}/film`);
    expect(variants.map(({ status }) => status)).to.deep.equal([206]);
  });

  it("refuses another size, and a rule that lets it bypass", () => {
    expect(problemsOf("rules:\n  - {slice: 63KiB}\n").join()).to.contain("a size from 64KiB to 16MiB");
    expect(problemsOf("rules:\n  - {slice: 17MiB}\n").join()).to.contain("a size from 64KiB to 16MiB");
    expect(problemsOf("rules:\n  - {slice: 16MiB}\n  - {match: {path: /b}, slice: off}\n")).to.deep.equal([]);
    expect(problemsOf("rules:\n  - {slice: 1MiB, bypass: true}\n").join()).to.contain("bypass");
  });
});
