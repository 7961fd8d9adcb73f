import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { type Asking, get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { bytesOf, LargeFile } from "../rig/large-file.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const SLICE = 64 * 1024;
const RULES = writtenRules("rules:\n  - {slice: 64KiB}\n");
const URL_OF_FILM = { $case: "url", url: "/film" } as const;

describe("a file in slices that changes", function () {
  // Two thousand requests take long on a busy machine.
  this.timeout(60_000);
  const stopLater = stopAfterEach();
  let origin: HttpOrigin;
  let edge: TestEdge;
  let clock: ManualClock;
  let film: LargeFile;

  const start = async (options: TestEdgeOptions = {}): Promise<void> => {
    film = new LargeFile(2 * SLICE + 100);
    origin = await HttpOrigin.start({ "/film": film.answer });
    stopLater(() => origin.stop());
    clock = new ManualClock();
    const purgeLog = new MemoryPurgeLog(clock);
    edge = await startTestEdge(origin.url, { rules: RULES, purgeLog, clock, lease: 3_000_000, ...options });
    stopLater(() => edge.stop());
  };

  const asked = (headers: Asking["headers"] = {}): Promise<Reply> => get(edge.url, "/film", { headers });
  const range = (first: number, last: number): Promise<Reply> => asked({ Range: `bytes=${first}-${last}` });
  const broken = async (reply: Promise<Reply>): Promise<boolean> =>
    reply.then(
      () => false,
      () => true,
    );
  /** The version whose bytes these are; undefined: of none. */
  const versionOf = (body: Buffer, first: number, last: number): number | undefined =>
    Array.from({ length: film.version }, (_, each) => each + 1).find((version) =>
      body.equals(bytesOf(version, first, last)),
    );
  const wholeVersion = async (): Promise<number | undefined> =>
    versionOf((await asked()).body, 0, film.length - 1);

  it("breaks an answer off that began with the older version", async () => {
    await start();
    origin.answer("/film", (request, count) => {
      if (count === 2) film.version = 2;
      return film.answer(request);
    });
    expect(await broken(asked())).to.equal(true);
    expect(await wholeVersion()).to.equal(2);
  });

  it("breaks an answer off when its length changes under the same tag", async () => {
    await start();
    film.validator = () => [["ETag", '"same"']];
    origin.answer("/film", (request, count) => {
      if (count === 2) film.length += 1;
      return film.answer(request);
    });
    expect(await broken(asked())).to.equal(true);
    expect(await wholeVersion()).to.equal(1);
  });

  it("breaks an answer off when a slice has fewer bytes than its place", async () => {
    await start();
    origin.answer("/film", ({ header }, count) => {
      const first = Number(/^bytes=(\d+)/.exec(header("range") ?? "")?.[1]);
      const last = Math.min(first + SLICE, film.length) - 1;
      async function* content(): AsyncGenerator<Uint8Array> {
        yield bytesOf(1, first, count === 1 ? last - 1 : last);
      }
      const place = ["Content-Range", `bytes ${first}-${last}/${film.length}`] as const;
      return {
        status: 206,
        fields: [["ETag", '"v1"'], ["Cache-Control", "max-age=60"], place],
        body: content(),
      };
    });
    expect(await broken(asked())).to.equal(true);
    expect(await wholeVersion()).to.equal(1);
  });

  it("is not stored from before a purge, nor joined after it", async () => {
    await start();
    const gate = origin.hold("/film", "fields");
    const early = range(0, 9);
    await origin.received("/film");
    film.version = 2;
    await purge(edge.control, URL_OF_FILM);
    const late = range(0, 9);
    await origin.received("/film", 2);
    gate.open();
    expect(versionOf((await early).body, 0, 9)).to.equal(1);
    expect(versionOf((await late).body, 0, 9)).to.equal(2);
    expect(await wholeVersion()).to.equal(2);
  });

  it("costs one request after a soft purge that changed nothing, and is new when it did", async () => {
    await start();
    await wholeVersion();
    clock.advance(1_000);
    await purge(edge.control, URL_OF_FILM, { soft: true });
    expect(await wholeVersion()).to.equal(1);
    expect(film.ranges).to.have.length(4);
    film.version = 2;
    await purge(edge.control, URL_OF_FILM, { soft: true });
    expect(await wholeVersion()).to.equal(2);
  });

  it("is invalidated with all its slices by an unsafe request", async () => {
    await start();
    await wholeVersion();
    film.version = 2;
    await get(edge.url, "/film", { method: "POST" });
    const middle = await range(SLICE, SLICE + 9);
    expect(versionOf(middle.body, SLICE, SLICE + 9)).to.equal(2);
    expect(await wholeVersion()).to.equal(2);
  });

  it("is invalidated with all its slices, however many other responses its path has", async () => {
    await start();
    const { length } = film;
    const others = async (name: string): Promise<void> => {
      film.length = 10;
      for (let from = 0; from < 1_001; from += 77) {
        const some = Array.from({ length: 77 }, (_, each) => get(edge.url, `/film?${name}=${from + each}`));
        await Promise.all(some);
      }
      film.length = length;
    };
    await others("before");
    await wholeVersion();
    await others("after");
    film.version = 2;
    await get(edge.url, "/film", { method: "POST" });
    for (const first of [2 * SLICE, SLICE, 0])
      expect(versionOf((await range(first, first + 9)).body, first, first + 9)).to.equal(2);
  });

  it("has slices of its own for each variant", async () => {
    await start();
    film.fields = [...film.fields, ["Vary", "Accept-Language"]];
    for (const language of ["de", "en", "de", "en"]) {
      const { body } = await asked({ "Accept-Language": language, Range: "bytes=0-9" });
      expect(versionOf(body, 0, 9)).to.equal(1);
    }
    expect(film.ranges).to.have.length(2);
  });

  it("is tied together by a strong Last-Modified, where it has no tag", async () => {
    await start();
    film.validator = () => [["Last-Modified", `Sat, 01 Jan 2000 00:00:0${film.version} GMT`]];
    expect(await wholeVersion()).to.equal(1);
    expect(film.ranges).to.have.length(3);
    film.validator = () => [["Last-Modified", new Date().toUTCString()]];
    await purge(edge.control, URL_OF_FILM);
    expect(await wholeVersion()).to.equal(1);
    expect(film.ranges.slice(3)).to.deep.equal([`bytes=0-${SLICE - 1}`, undefined]);
  });

  it("may be larger than the memory of the edge, which holds no more than its limit", async () => {
    const memory = 4 * 1024 * 1024;
    await start({ memory });
    film.length = 12 * 1024 * 1024;
    expect(await wholeVersion()).to.equal(1);
    const held = await stats(edge.control);
    expect(held.objects).to.be.above(10);
    expect(held.bytes).to.be.at.most(memory);
  });

  it("is on disk after a restart, slice by slice", async () => {
    const disk = mkdtempSync(join(tmpdir(), "edgecache-slices-"));
    stopLater(async () => rmSync(disk, { recursive: true, force: true }));
    const purgeLog = new MemoryPurgeLog(systemClock);
    await start();
    const options = { rules: RULES, purgeLog, disk };
    const named = { headers: { Host: "films.example" } };
    const before = await startTestEdge(origin.url, options);
    stopLater(() => before.stop());
    // What is asked for once is not worth a write.
    for (let times = 0; times < 2; times += 1) {
      const { body } = await get(before.url, "/film", named);
      expect(versionOf(body, 0, film.length - 1)).to.equal(1);
    }
    await before.stop();
    const after = await startTestEdge(origin.url, options);
    stopLater(() => after.stop());
    const leased = () => get(after.url, "/no-such-page").then(({ status }) => status === 404);
    await until("the edge has its lease", leased);
    const again = await get(after.url, "/film", named);
    expect(versionOf(again.body, 0, film.length - 1)).to.equal(1);
    expect(again.header("cache-status")).to.contain("; hit; ").and.contain("detail=disk");
    expect(film.ranges).to.have.length(3);
  });

  it("may be a sparse file of 20 GB in a directory, of which one slice is read and kept", async () => {
    const directory = mkdtempSync(join(tmpdir(), "edgecache-sparse-"));
    stopLater(async () => rmSync(directory, { recursive: true, force: true }));
    const length = 20 * 1024 ** 3;
    const middle = length / 2 + 5;
    const file = await open(join(directory, "film.bin"), "w");
    await file.truncate(length);
    await file.write("here it is", middle);
    await file.close();
    edge = await startTestEdge({ kind: "directory", path: directory }, { rules: RULES });
    stopLater(() => edge.stop());
    const headers = { Range: `bytes=${middle}-${middle + 9}` };
    const reply = await get(edge.url, "/film.bin", { headers });
    expect([reply.status, reply.text]).to.deep.equal([206, "here it is"]);
    // The client has its part before the slice is there as a whole.
    await until("the slice is kept", async () => (await stats(edge.control)).objects === 1);
    expect((await stats(edge.control)).bytes).to.be.below(2 * SLICE);
    expect((await get(edge.url, "/film.bin", { headers })).header("cache-status")).to.contain("; hit; ");
  });
});
