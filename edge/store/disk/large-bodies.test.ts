import { expect } from "chai";
import { createLog } from "../../../process/log.ts";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { storedResponse } from "../../../test/rig/stored-response.fixture.ts";
import { Directory } from "../directory.ts";
import { leaving } from "../leaving.ts";
import { inOwnMemory } from "../own-memory.ts";
import { type DiskTier, openDiskTier } from "./disk-tier.ts";
import { LargeBodies, type LargeWritten } from "./large-bodies.ts";
import { SegmentLog } from "./segment-log.ts";

const MIB = 2 ** 20;
const OWNER = { runId: "run-1", origins: { default: "a" } };
const LARGE = 9 * MIB + 5;

describe("large bodies on disk", () => {
  let clock: ManualClock;
  let disk: FrailDisk;

  beforeEach(() => {
    clock = new ManualClock();
    disk = new FrailDisk();
  });

  async function opened(files: FrailDisk, size = 2 ** 30): Promise<DiskTier> {
    const tier = await openDiskTier({ files, edge: "edge-1", size, clock, log: createLog("test", "silent") });
    tier.belongsTo(() => OWNER);
    return tier;
  }

  /** Each 8 bytes of it tell where they stand. */
  function bodyOf(length: number, first: number): Buffer {
    const body = Buffer.alloc(length);
    for (let at = 0; at + 8 <= length; at += 8) body.writeDoubleLE(first + at, at);
    return body;
  }

  function give(tier: DiskTier, target: string, ...bodies: readonly Buffer[]): void {
    const directory = new Directory({});
    const rows = bodies.map((body, at) =>
      directory.add(
        storedResponse(target, {
          selecting: new Map([["accept-language", String(at)]]),
          chunks: [body],
          bodyLength: body.byteLength,
        }),
      ),
    );
    tier.take(`default ${target}`, () => leaving(rows, directory));
  }

  async function bodiesOn(tier: DiskTier, target: string): Promise<readonly Buffer[] | undefined> {
    const found = await tier.read(`default ${target}`);
    return found?.responses.map(({ chunks }) => Buffer.concat(chunks));
  }

  function areSame(found: readonly Buffer[] | undefined, bodies: readonly Buffer[]): boolean {
    return found?.length === bodies.length && bodies.every((body, at) => found[at]?.equals(body));
  }

  it("come back from the queue, from the disk and in the next process, with small ones under the same key", async () => {
    const bodies = [bodyOf(LARGE, 1), Buffer.from("small"), bodyOf(3 * MIB, 2)];
    const tier = await opened(disk);
    disk.holdWrites();
    give(tier, "/film", ...bodies);
    expect(tier.counts.writes).to.equal(0);
    while (tier.counts.writes === 0) await new Promise(setImmediate);
    expect(areSame(await bodiesOn(tier, "/film"), bodies)).to.equal(true);
    disk.letWritesGo();
    expect(await tier.flushed()).to.equal(true);
    expect(areSame(await bodiesOn(tier, "/film"), bodies)).to.equal(true);
    await tier.close();
    const after = await opened(disk);
    expect(areSame(await bodiesOn(after, "/film"), bodies)).to.equal(true);
    expect(after.counts.errors).to.equal(0);
    await after.close();
  });

  it("are taken up to half a segment, and are not written twice", async () => {
    const tier = await opened(disk);
    give(tier, "/too-large", Buffer.alloc(32 * MIB));
    expect(tier.counts.passedOver).to.equal(1);
    for (let n = 0; n < 2; n += 1) {
      give(tier, "/largest", Buffer.alloc(32 * MIB - 1_000));
      give(tier, "/largest", Buffer.alloc(32 * MIB - 1_000));
      await tier.flushed();
    }
    expect([tier.counts.passedOver, tier.counts.writes]).to.deep.equal([1, 1]);
    await tier.close();
  });

  it("are not written again when they come back to memory and leave it again", async () => {
    const tier = await opened(disk);
    give(tier, "/film", bodyOf(LARGE, 1), bodyOf(3 * MIB, 2));
    await tier.flushed();
    const found = await tier.read("default /film");
    const directory = new Directory({});
    const rows = (found?.responses ?? []).map((stored) => directory.add(inOwnMemory(stored)));
    tier.take("default /film", () => leaving(rows, directory));
    await tier.flushed();
    expect([rows.length, tier.counts.writes]).to.deep.equal([2, 1]);
    await tier.close();
  });

  it("are a miss when the disk fails in the midst of them, and those of others are served", async () => {
    const tier = await opened(disk);
    give(tier, "/film", bodyOf(LARGE, 1));
    await tier.flushed();
    give(tier, "/other", bodyOf(LARGE, 2));
    await tier.flushed();
    disk.readError = new Error("EIO: the disk is broken");
    // The frame that tells of the pieces, and three of them.
    disk.readsBeforeError = 4;
    expect(await bodiesOn(tier, "/film")).to.equal(undefined);
    expect(disk.readsBeforeError).to.equal(0);
    disk.readError = undefined;
    expect(tier.counts.errors).to.be.above(0);
    expect(await bodiesOn(tier, "/film")).to.equal(undefined);
    expect(areSame(await bodiesOn(tier, "/other"), [bodyOf(LARGE, 2)])).to.equal(true);
    await tier.close();
  });

  it("wait for each other where they are too large together", async () => {
    const tier = await opened(disk);
    const targets = ["/0", "/1", "/2"];
    for (const [at, target] of targets.entries()) {
      give(tier, target, bodyOf(20 * MIB, at));
      await tier.flushed();
    }
    const found = await Promise.all(targets.map((target) => bodiesOn(tier, target)));
    for (const [at, bodies] of found.entries())
      expect(areSame(bodies, [bodyOf(20 * MIB, at)])).to.equal(true);
    await tier.close();
  });

  it("are a miss when all pieces together take 2 s, and are kept", async () => {
    const tier = await opened(disk);
    give(tier, "/film", bodyOf(LARGE, 1));
    await tier.flushed();
    for (const [takes, isFound] of [
      [150, true],
      [600, false],
      [0, true],
    ] as const) {
      disk.beforeRead = async () => clock.advance(takes);
      expect(areSame(await bodiesOn(tier, "/film"), [bodyOf(LARGE, 1)])).to.equal(isFound);
    }
    expect(tier.counts.errors).to.equal(0);
    await tier.close();
  });

  it("wait in a line of 256, and the next is a miss at once", async () => {
    const parts = { files: disk, clock, log: createLog("test", "silent"), size: 2 ** 30 };
    const segments = new SegmentLog({ ...parts, owner: () => OWNER, dropped: () => false }, []);
    const large = new LargeBodies(segments, 2 ** 30, clock);
    const directory = new Directory({});
    const body = bodyOf(20 * MIB, 1);
    const left = leaving(
      [directory.add(storedResponse("/film", { chunks: [body], bodyLength: body.length }))],
      directory,
    );
    if (left === undefined) throw new Error("it has left");
    const placed = Promise.withResolvers<LargeWritten>();
    const hash = { high: 1, low: 2 };
    large.write({ key: "default /film", hash, bytes: body.length, ...left }, 0, placed.resolve);
    const place = await placed.promise;
    const payload = place === "no-room" ? undefined : await segments.read(place);
    if (!(payload instanceof Buffer)) throw new Error("it was written");
    await segments.flushed();
    disk.beforeRead = () => new Promise(() => undefined);
    const outcomes: string[] = [];
    const reads = Array.from({ length: 1 + 256 + 3 }, async () => {
      const read = await large.read(payload);
      outcomes.push(typeof read === "string" ? read : "read");
    });
    await new Promise(setImmediate);
    expect(outcomes).to.deep.equal(Array(3).fill("not-now"));
    clock.advance(2_000);
    await Promise.all(reads);
    await segments.close();
  });

  it("are given up when the disk is slower, and take no room of the queue together", async () => {
    const tier = await opened(disk);
    disk.holdWrites();
    give(tier, "/0", bodyOf(16 * MIB, 0));
    give(tier, "/1", bodyOf(15 * MIB, 1));
    give(tier, "/2", bodyOf(LARGE, 2));
    expect(tier.counts.passedOver).to.equal(1);
    while (tier.counts.writes < 2) await new Promise(setImmediate);
    for (let at = 3; at < 7; at += 1) {
      give(tier, `/${at}`, bodyOf(LARGE, at));
      while (tier.counts.writes + tier.counts.passedOver < at + 1) await new Promise(setImmediate);
    }
    expect([tier.counts.writes, tier.counts.passedOver]).to.deep.equal([5, 2]);
    disk.letWritesGo();
    await tier.flushed();
    expect(await bodiesOn(tier, "/6")).to.equal(undefined);
    expect(areSame(await bodiesOn(tier, "/5"), [bodyOf(LARGE, 5)])).to.equal(true);
    await tier.close();
  });

  for (const [what, change] of [
    ["forgotten", (tier: DiskTier) => tier.forget("default /film")],
    ["replaced", (tier: DiskTier) => give(tier, "/film", Buffer.from("new"))],
  ] as const)
    it(`are not found again when they are ${what} while they are written`, async () => {
      const tier = await opened(disk);
      give(tier, "/film", bodyOf(LARGE, 1));
      await new Promise(setImmediate);
      change(tier);
      await tier.flushed();
      const left = what === "forgotten" ? undefined : ["new"];
      expect((await bodiesOn(tier, "/film"))?.map(String)).to.deep.equal(left);
      await tier.close();
      const after = await opened(disk);
      expect((await bodiesOn(after, "/film"))?.map(String)).to.deep.equal(left);
      await after.close();
    });

  it("are not found again when they are forgotten right behind the last byte of them", async () => {
    const tier = await opened(disk);
    let appended = 0;
    tier.belongsTo(() => {
      appended += 1;
      // Ten pieces, and what tells of them.
      if (appended === 11) queueMicrotask(() => tier.forget("default /film"));
      return OWNER;
    });
    give(tier, "/film", bodyOf(LARGE, 1));
    await tier.flushed();
    expect(appended).to.be.at.least(11);
    expect(await bodiesOn(tier, "/film")).to.equal(undefined);
    await tier.close();
  });

  it("carry the mark of their fill: an invalidation while they are written is known to the next process", async () => {
    const tier = await opened(disk);
    give(tier, "/film", bodyOf(LARGE, 1));
    await new Promise(setImmediate);
    const targets = [{ kind: "url", target: "/film", site: "default" }] as const;
    await tier.invalidated(targets, { position: { epoch: 1, seq: 0 }, flushes: 0, invalidations: 1 });
    await tier.close();
    const after = await opened(disk);
    expect(await Array.fromAsync(after.invalidations(), (each) => each.targets)).to.deep.equal([targets]);
    const [stored] = (await after.read("default /film"))?.responses ?? [];
    expect(stored?.mark.invalidations).to.equal(0);
    await after.close();
  });

  it("are gone when a piece had to make room, which is no error", async () => {
    // Segments of 18 MiB: the body begins in the first one.
    const tier = await opened(disk, 288 * MIB);
    give(tier, "/before", Buffer.alloc(7 * MIB));
    give(tier, "/before-2", Buffer.alloc(7 * MIB));
    give(tier, "/film", bodyOf(9 * MIB - 2_000, 1));
    await tier.flushed();
    expect(tier.counts.objects).to.equal(3);
    for (let at = 0; tier.counts.evicted.segments === 0; at += 1) {
      give(tier, `/${at}`, Buffer.alloc(7 * MIB, at));
      await tier.flushed();
    }
    const { evicted, objects } = tier.counts;
    expect(evicted).to.deep.equal({ segments: 1, objects: 2 });
    expect(await bodiesOn(tier, "/film")).to.equal(undefined);
    expect(tier.counts.objects).to.equal(objects - 1);
    expect(tier.counts.errors).to.equal(0);
    await tier.close();
  });

  it("are not served when a power cut has torn them, or a bit has flipped, in any piece", async () => {
    const body = bodyOf(LARGE, 1);
    const tier = await opened(disk);
    give(tier, "/film", body);
    await tier.close();
    const [log = ""] = disk.names.filter((name) => name.endsWith(".log"));
    const size = (await disk.list()).get(log) ?? 0;
    for (let at = 1_000; at < size; at += MIB / 2) {
      for (const change of [
        (bytes: Buffer) => bytes.subarray(0, at),
        (bytes: Buffer) =>
          bytes.fill(
            bytes.subarray(at, at + 1).map((byte) => byte ^ 4),
            at,
            at + 1,
          ),
      ]) {
        const bad = disk.afterPowerCut(() => 0);
        bad.change(log, change);
        const after = await opened(bad);
        expect(await bodiesOn(after, "/film")).to.equal(undefined);
        expect(after.counts.objects).to.equal(0);
        await after.close();
      }
    }
    expect(size).to.be.above(LARGE);
  });
});
