import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { createLog } from "../../../process/log.ts";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { storedResponse } from "../../../test/rig/stored-response.fixture.ts";
import { until } from "../../../test/rig/until.ts";
import { Directory } from "../directory.ts";
import { leaving } from "../leaving.ts";
import { inOwnMemory } from "../own-memory.ts";
import type { StoredResponse } from "../stored-response.ts";
import { type DiskTier, openDiskTier } from "./disk-tier.ts";
import { recover } from "./recovery.ts";

const MIB = 2 ** 20;
const OWNER = { runId: "run-1", origins: { default: "a" } };

describe("the disk tier", () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  async function opened(files: FrailDisk, { edge = "edge-1", size = 64 * MIB } = {}): Promise<DiskTier> {
    const tier = await openDiskTier({ files, edge, size, clock, log: createLog("test", "silent") });
    tier.belongsTo(() => OWNER);
    return tier;
  }

  function response(
    target: string,
    body: string | Buffer,
    more: Partial<StoredResponse> = {},
  ): StoredResponse {
    const bytes = Buffer.from(body);
    return storedResponse(target, {
      fields: Fields.of([
        ["Content-Type", "text/plain"],
        ["ETag", '"x"'],
        ["Cache-Control", "max-age=60"],
      ]),
      chunks: [bytes],
      bodyLength: bytes.byteLength,
      requestTime: { wall: clock.wall(), monotonic: clock.monotonic() },
      responseTime: { wall: clock.wall(), monotonic: clock.monotonic() },
      ...more,
    });
  }

  /** As the store in memory does when it gives up a key. */
  function give(tier: DiskTier, responses: readonly StoredResponse[]): void {
    const directory = new Directory({});
    const rows = responses.map((each) => directory.add(each));
    tier.take(responses[0]?.key ?? "", () => leaving(rows, directory));
  }

  async function bodyOf(tier: DiskTier, target: string): Promise<string | undefined> {
    const found = await tier.read(`default ${target}`);
    return found?.responses.map(({ chunks }) => Buffer.concat(chunks).toString()).join("|");
  }

  it("gives back what it took, before and after it is written, with all variants of the key", async () => {
    const tier = await opened(new FrailDisk());
    const selecting = (value: string) => new Map([["accept-language", value]]);
    const german = response("/a", "Seite", { selecting: selecting("de"), tags: ["news"] });
    const large = response("/a", Buffer.alloc(100_000, "x"), { selecting: selecting("en") });
    give(tier, [german, large]);
    for (const isWritten of [false, true]) {
      if (isWritten) await tier.flushed();
      const found = await tier.read("default /a");
      expect(found?.responses).to.have.length(2);
      const [first, second] = found?.responses ?? [];
      expect({ ...first, chunks: undefined }).to.deep.equal({ ...german, chunks: undefined });
      expect(Buffer.concat(first?.chunks ?? []).toString()).to.equal("Seite");
      expect(second?.bodyLength).to.equal(100_000);
      expect(Buffer.concat(second?.chunks ?? []).equals(Buffer.alloc(100_000, "x"))).to.equal(true);
    }
    await tier.close();
  });

  it("has it in the next process, as old as it is by the wall clock", async () => {
    const disk = new FrailDisk();
    const before = await opened(disk);
    give(before, [
      response("/a", "page", { mark: { position: { epoch: 7, seq: 41 }, flushes: 2, invalidations: 3 } }),
    ]);
    await before.close();
    const wrote = clock.wall();
    const start = clock.wall() + 5_000;
    clock = new ManualClock(start);
    const after = await opened(disk);
    expect(after.resumed).to.deep.equal({
      runId: "run-1",
      oldest: { epoch: 7, seq: 41 },
      latest: { epoch: 7, seq: 41 },
      flushes: 2,
      invalidations: 3,
    });
    const [stored] = (await after.read("default /a"))?.responses ?? [];
    expect(stored?.responseTime).to.deep.equal({ wall: wrote, monotonic: -5_000 });
    await after.close();
  });

  it("takes everything for a validator when the clock was set back", async () => {
    const disk = new FrailDisk();
    const before = await opened(disk);
    give(before, [response("/a", "page")]);
    await before.close();
    clock.setWall(-1);
    const after = await opened(disk);
    expect(after.resumed?.flushes).to.equal(1);
    await after.close();
  });

  it("keeps to its size before it writes, and gives up the oldest first", async () => {
    const disk = new FrailDisk();
    const size = 64 * MIB;
    const tier = await opened(disk, { size });
    const body = Buffer.alloc(MIB, "b");
    for (let at = 0; at < 150; at += 1) {
      give(tier, [response(`/${at}`, body)]);
      // The disk keeps up: nothing is passed over.
      if (at % 20 === 19) await tier.flushed();
    }
    await tier.flushed();
    expect(disk.most)
      .to.be.at.most(size)
      .and.above(size * 0.8);
    expect(await bodyOf(tier, "/0")).to.equal(undefined);
    expect(await bodyOf(tier, "/149")).to.equal(body.toString());
    expect(tier.counts.objects).to.be.within(45, 64);
    expect(tier.counts.passedOver).to.equal(0);
    const { segments, objects } = tier.counts.evicted;
    expect(objects + tier.counts.objects).to.equal(150);
    expect(segments).to.be.within(28, 35);
    await tier.close();
  });

  it("passes over what a slow disk has no room for, in bytes that wait", async () => {
    const tier = await opened(new FrailDisk(), { size: 2 ** 30 });
    const body = Buffer.alloc(4 * MIB);
    // Nothing is written before this turn ends.
    for (let at = 0; at < 20; at += 1) give(tier, [response(`/${at}`, body)]);
    expect(tier.counts.queueBytes).to.be.within(59 * MIB, 64 * MIB);
    expect(tier.counts.passedOver).to.equal(5);
    await tier.flushed();
    give(tier, [response("/fits", Buffer.alloc(8 * MIB - 1_000))]);
    expect(tier.counts.passedOver).to.equal(5);
    await tier.close();
  });

  it("forgets what is no longer the response, also for the next process", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "old")]);
    give(tier, [response("/b", "kept")]);
    await tier.flushed();
    tier.forget("default /a");
    expect(await bodyOf(tier, "/a")).to.equal(undefined);
    await tier.close();
    const after = await opened(disk);
    expect(await bodyOf(after, "/a")).to.equal(undefined);
    expect(await bodyOf(after, "/b")).to.equal("kept");
    await after.close();
  });

  it("does not write again what it has", async () => {
    const tier = await opened(new FrailDisk());
    const page = response("/a", "page");
    give(tier, [page]);
    give(tier, [page]);
    expect(tier.counts.writes).to.equal(1);
    give(tier, [response("/a", "other")]);
    expect(tier.counts.writes).to.equal(2);
    expect(await bodyOf(tier, "/a")).to.equal("other");
    await tier.close();
  });

  it("does not write again what comes from it and leaves memory again", async () => {
    const tier = await opened(new FrailDisk());
    const fields = Fields.of([
      ["Date", "Sat, 28 Nov 2026 05:14:04 GMT"],
      ["Content-Length", "4096"],
      ["Cache-Control", "max-age=60"],
    ]);
    const page = response("/a", Buffer.alloc(4_096, "a"), { sent: "as-stored", fields });
    give(tier, [page]);
    // Another place in memory, in which something else was before, and another number of its shape.
    const directory = new Directory({});
    const before = response("/b", Buffer.alloc(4_096, "b"), { authorized: true });
    const rows = ["/b", "/c", "/d"].map((target) => directory.add({ ...before, key: `default ${target}` }));
    for (const row of rows) directory.drop(row);
    const [stored = page] = (await tier.read("default /a"))?.responses ?? [];
    const row = directory.add(inOwnMemory(stored));
    tier.take("default /a", () => leaving([row], directory));
    expect(tier.counts.writes).to.equal(1);
    await tier.close();
  });

  it("takes for validators what was written before a segment that is missing, and nothing else", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    const filler = Buffer.alloc(1.5 * MIB, "f");
    const segmentOf: Record<string, number> = {};
    // Two of the large ones fit into a segment.
    for (const target of ["/a", "/1", "/2", "/3", "/b", "/4", "/5", "/6", "/7", "/c"]) {
      give(tier, [response(target, /\d/.test(target) ? filler : target)]);
      await tier.flushed();
      segmentOf[target] = disk.names.filter((name) => name.endsWith(".log")).length;
    }
    await tier.close();
    expect([segmentOf["/a"], segmentOf["/b"], segmentOf["/c"]]).to.deep.equal([1, 2, 4]);
    await disk.remove("00000003.log");
    const after = await opened(disk);
    const isDoubtful = async (target: string) =>
      (await after.read(`default ${target}`))?.isDoubtful("default");
    expect([await isDoubtful("/a"), await isDoubtful("/b"), await isDoubtful("/c")]).to.deep.equal([
      true,
      true,
      false,
    ]);
    await after.close();
  });

  it("takes for validators what was written before a frame that is damaged or cut, when others came behind it", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.flushed();
    const [name = ""] = disk.names.filter((each) => each.endsWith(".log"));
    const damagedAt = ((await disk.list()).get(name) ?? 0) + 70;
    const targets = [{ kind: "url", target: "/a", site: "default" }] as const;
    await tier.invalidated(targets, { position: { epoch: 1, seq: 0 }, flushes: 0, invalidations: 1 });
    const isDoubtful = async (files: FrailDisk): Promise<boolean | undefined> => {
      const after = await opened(files);
      const found = await after.read("default /a");
      await after.close();
      return found?.isDoubtful("default");
    };
    // A torn end alone is what a crash leaves of what nobody was promised.
    const torn = disk.afterPowerCut(() => 0);
    torn.change(name, (bytes) => bytes.subarray(0, damagedAt));
    expect(await isDoubtful(torn)).to.equal(false);
    give(tier, [response("/b", "page b")]);
    await tier.flushed();
    const damaged = disk.afterPowerCut(() => 0);
    damaged.change(name, (bytes) => {
      bytes[damagedAt] = (bytes[damagedAt] ?? 0) ^ 1;
      return bytes;
    });
    expect(await isDoubtful(damaged)).to.equal(true);
    await tier.close();
    const cut = disk.afterPowerCut(() => 0);
    cut.change(name, (bytes) => bytes.subarray(0, damagedAt));
    expect(await isDoubtful(cut)).to.equal(true);
  });

  it("tells the next process of invalidations once they are promised, whatever a power cut takes", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page")]);
    await tier.flushed();
    const targets = [{ kind: "url", target: "/a", site: "default" }] as const;
    await tier.invalidated(targets, { position: { epoch: 1, seq: 9 }, flushes: 0, invalidations: 1 });
    const after = await opened(disk.afterPowerCut(() => 0));
    expect(await Array.fromAsync(after.invalidations(), (each) => each.targets)).to.deep.equal([targets]);
    expect(after.resumed?.invalidations).to.equal(1);
    expect(after.resumed?.latest).to.deep.equal({ epoch: 1, seq: 9 });
    await Promise.all([tier.close(), after.close()]);
  });

  it("serves nothing that a power cut has torn, wherever it tears", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    for (let at = 0; at < 5; at += 1) give(tier, [response(`/${at}`, `page ${at}`)]);
    const isWritten = (): boolean => tier.counts.queueBytes === 0;
    await until("all is written", isWritten, async () => clock.advance(100));
    const [log] = disk.names.filter((name) => name.endsWith(".log"));
    const whole = (await disk.list()).get(log ?? "") ?? 0;
    let found = 0;
    for (let kept = 0; kept <= whole; kept += 1) {
      const after = await opened(disk.afterPowerCut((name) => (name === log ? kept : 0)));
      let last = true;
      for (let at = 0; at < 5; at += 1) {
        const body = await bodyOf(after, `/${at}`);
        expect([`page ${at}`, undefined]).to.include(body);
        // What is there is a beginning of what was written.
        expect(last || body === undefined).to.equal(true);
        last = body !== undefined;
        if (last) found += 1;
      }
      await after.close();
    }
    expect(found).to.be.above(whole);
    await tier.close();
  });

  it("serves nothing in which a bit has flipped, wherever it flips", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    give(tier, [response("/b", "page b")]);
    await tier.close();
    const name = disk.names.find((each) => each.endsWith(".log")) ?? "";
    const size = (await disk.list()).get(name) ?? 0;
    for (let at = 0; at < size; at += 1) {
      const rotten = disk.afterPowerCut(() => 0);
      rotten.change(name, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        return bytes;
      });
      const after = await opened(rotten);
      for (const page of ["a", "b"])
        expect([`page ${page}`, undefined]).to.include(await bodyOf(after, `/${page}`));
      await after.close();
    }
  });

  it("reads the frames where the heads are gone, cut or changed, and starts without a segment that is missing", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.close();
    const heads = disk.names.find((each) => each.endsWith(".heads")) ?? "";
    for (const change of [
      (bytes: Buffer) => bytes.subarray(0, 10),
      (bytes: Buffer) => bytes.fill(7, 70, 80),
      () => Buffer.alloc(0),
    ]) {
      const changed = disk.afterPowerCut(() => 0);
      changed.change(heads, change);
      const after = await opened(changed);
      expect(await bodyOf(after, "/a")).to.equal("page a");
      await after.close();
    }
    const missing = disk.afterPowerCut(() => 0);
    await missing.remove(heads.replace("heads", "log"));
    const after = await opened(missing);
    expect(await bodyOf(after, "/a")).to.equal(undefined);
    await after.close();
  });

  it("refuses the directory of another edge, and empties one of another format", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page")]);
    await tier.close();
    const refused = await opened(disk, { edge: "edge-2" }).catch((thrown: unknown) => thrown);
    expect(String(refused)).to.include(
      '--disk: must be a directory that no other edge has written; this one is of edge "edge-1"',
    );
    disk.change("edge.json", (bytes) => Buffer.from(bytes.toString().replace('"format":2', '"format":0')));
    const after = await opened(disk);
    expect(await bodyOf(after, "/a")).to.equal(undefined);
    expect(disk.names.filter((name) => name !== "edge.json")).to.deep.equal([]);
    await after.close();
  });

  it("rests while the disk is full, serves what it has, and writes again when there is room", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.flushed();
    disk.room = disk.held + 10;
    give(tier, [response("/b", "page b")]);
    expect(await tier.flushed()).to.equal(false);
    expect(tier.counts.trouble).to.deep.include({ kind: "full" });
    expect(await bodyOf(tier, "/b")).to.equal(undefined);
    expect(await bodyOf(tier, "/a")).to.equal("page a");
    give(tier, [response("/c", "page c")]);
    expect(tier.counts.passedOver).to.equal(1);
    disk.room = Number.POSITIVE_INFINITY;
    clock.advance(30_000);
    give(tier, [response("/c", "page c")]);
    expect(await tier.flushed()).to.equal(true);
    expect(tier.counts.trouble).to.equal(undefined);
    expect(await bodyOf(tier, "/c")).to.equal("page c");
    expect(tier.counts.oldestMs).to.equal(30_000);
    await tier.close();
    const after = await opened(disk);
    expect([await bodyOf(after, "/a"), await bodyOf(after, "/c")]).to.deep.equal(["page a", "page c"]);
    await after.close();
  });

  it("leaves nothing for the next process when it could not tell it of an invalidation", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.flushed();
    disk.room = disk.held;
    const targets = [{ kind: "url", target: "/a", site: "default" }] as const;
    await tier.invalidated(targets, { position: { epoch: 1, seq: 9 }, flushes: 0, invalidations: 1 });
    disk.room = Number.POSITIVE_INFINITY;
    await tier.close();
    const after = await opened(disk);
    expect(after.resumed).to.equal(undefined);
    expect(await bodyOf(after, "/a")).to.equal(undefined);
    await after.close();
  });

  it("tells who waits while a write is under way that all is written, and keeps it through a power cut", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    disk.holdWrites();
    give(tier, [response("/a", "page a")]);
    await until(
      "the write is under way",
      () => disk.heldWrites === 1,
      async () => clock.advance(100),
    );
    give(tier, [response("/b", "page b")]);
    const flushed = tier.flushed();
    disk.letWritesGo();
    expect(await flushed).to.equal(true);
    const after = await opened(disk.afterPowerCut(() => 0));
    expect([await bodyOf(after, "/a"), await bodyOf(after, "/b")]).to.deep.equal(["page a", "page b"]);
    await Promise.all([tier.close(), after.close()]);
  });

  it("holds nobody up who changes something while the disk hangs, and leaves nothing for the next process", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.flushed();
    disk.holdWrites();
    const targets = [{ kind: "url", target: "/a", site: "default" }] as const;
    const mark = { position: { epoch: 1, seq: 9 }, flushes: 0, invalidations: 1 };
    let isTold = false;
    const told = tier.invalidated(targets, mark).then(() => {
      isTold = true;
    });
    await until(
      "it is given up",
      () => isTold,
      async () => clock.advance(100),
    );
    await told;
    const after = await opened(disk.afterPowerCut(() => 0));
    expect(after.resumed).to.equal(undefined);
    disk.letWritesGo();
    await Promise.all([tier.close(), after.close()]);
  });

  it("takes a site's responses for validators once its rules were others meanwhile, though they are the same again", async () => {
    const disk = new FrailDisk();
    const parts = { files: disk, edge: "edge-1", size: 64 * MIB, clock, log: createLog("test", "silent") };
    const run = async (digest: string, work: (tier: DiskTier) => Promise<void>): Promise<void> => {
      const tier = await openDiskTier(parts);
      await tier.hasSites({ default: digest, blog: "x" });
      tier.belongsTo(() => owner);
      const owner = { runId: "run-1", origins: { default: digest, blog: "x" } };
      await work(tier);
      await tier.close();
    };
    const isDoubtful = async (tier: DiskTier, site: string) =>
      (await tier.read("default /a"))?.isDoubtful(site);
    await run("a", async (tier) => give(tier, [response("/a", "page")]));
    await run("a", async (tier) => {
      expect(await isDoubtful(tier, "default")).to.equal(false);
    });
    // It stores nothing.
    await run("b", async () => undefined);
    await run("a", async (tier) => {
      expect([await isDoubtful(tier, "default"), await isDoubtful(tier, "blog")]).to.deep.equal([
        true,
        false,
      ]);
      give(tier, [response("/a", "new")]);
      expect(await isDoubtful(tier, "default")).to.equal(false);
    });
  });

  it("leaves nothing for the next process when it cannot tell it that the rules are others", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page")]);
    await tier.flushed();
    disk.room = disk.held;
    await tier.hasSites({ default: "b" });
    await tier.close();
    disk.room = Number.POSITIVE_INFINITY;
    const after = await opened(disk);
    expect(after.counts.objects).to.equal(0);
    await after.close();
  });

  it("is closed while the disk hangs, and keeps the directory from others", async () => {
    const disk = new FrailDisk();
    let isFree = false;
    const parts = { files: disk, edge: "edge-1", size: 64 * MIB, clock, log: createLog("test", "silent") };
    const tier = await openDiskTier(parts, async () => {
      isFree = true;
    });
    tier.belongsTo(() => OWNER);
    disk.holdWrites();
    give(tier, [response("/a", "page a")]);
    let isClosed = false;
    const closed = tier.close().then(() => {
      isClosed = true;
    });
    await until(
      "it is closed",
      () => isClosed,
      async () => clock.advance(100),
    );
    await closed;
    expect([disk.heldWrites, isFree]).to.deep.equal([1, false]);
    disk.letWritesGo();
    const well = await openDiskTier(parts, async () => {
      isFree = true;
    });
    await well.close();
    expect(isFree).to.equal(true);
  });

  it("starts in short turns, and with room for all that it finds", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    for (let at = 0; at < 3_500; at += 1) give(tier, [response(`/${at}`, "page")]);
    await tier.close();
    let turns = 0;
    const wait = async (): Promise<void> => {
      turns += 1;
    };
    const counting = { wait, wall: () => clock.wall(), monotonic: () => clock.monotonic() };
    const found = await recover({
      files: disk,
      edge: "edge-1",
      clock: counting,
      log: createLog("test", "silent"),
      newSeed: () => 0,
    });
    expect(found.index.size).to.equal(3_500);
    expect(turns).to.equal(3);
    // A table that had to grow would have another beside it.
    expect(found.index.bytes).to.equal(8_192 * 24);
  });

  it("removes what a crash has left of files that were to replace others, and keeps to a smaller size from the start", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk, { size: 128 * MIB });
    const body = Buffer.alloc(MIB, "b");
    for (let at = 0; at < 100; at += 1) {
      give(tier, [response(`/${at}`, body)]);
      if (at % 20 === 19) await tier.flushed();
    }
    await tier.close();
    await disk.replace("00000003.heads.new", Buffer.from("half"));
    const after = await opened(disk);
    await after.flushed();
    expect(await bodyOf(after, "/99")).to.equal(body.toString());
    await after.close();
    expect(disk.held).to.be.at.most(64 * MIB);
    expect(disk.names).not.to.include("00000003.heads.new");
  });

  it("drops what the disk cannot read", async () => {
    const disk = new FrailDisk();
    const tier = await opened(disk);
    give(tier, [response("/a", "page a")]);
    await tier.flushed();
    disk.readError = new Error("EIO: i/o error");
    expect(await bodyOf(tier, "/a")).to.equal(undefined);
    disk.readError = undefined;
    expect(await bodyOf(tier, "/a")).to.equal(undefined);
    expect(tier.counts.errors).to.equal(2);
    await tier.close();
  });
});
