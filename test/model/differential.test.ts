import { expect } from "chai";
import fc from "fast-check";
import type { Origin } from "../../edge/origin/origin.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import { TRUSTED } from "../../edge/rules/purge-standing.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { Fields } from "../../http/message/fields.ts";
import type { Clock } from "../../process/clock.ts";
import { edgeCore } from "./edge-core.ts";
import { findDisagreement } from "./find-disagreement.ts";
import { histories } from "./histories.ts";
import { type Build, play } from "./play.ts";

// HISTORIES=100000 HISTORY_SEED=7 plays more, and others; HISTORY_PATH with the seed replays the one that failed.
const RUNS = Number(process.env.HISTORIES ?? 1000);
const SEED = Number(process.env.HISTORY_SEED ?? 1);
const REPLAYED = process.env.HISTORY_PATH;

describe("the edge and an independent model of RFC 9111", () => {
  it("agree about every answer in random histories", async function () {
    this.timeout(10_000 + RUNS * 100);
    const found = await findDisagreement({ runs: RUNS, seed: SEED, path: REPLAYED });
    if (found !== undefined) expect.fail(`the model forbids what the edge did:\n${found}`);
  });

  it("meet every way in which an answer can come about", async function () {
    this.timeout(60_000);
    const reached = new Set<string>();
    for (const history of fc.sample(histories, { numRuns: 300, seed: SEED })) {
      for (const each of (await play(history)).reached) reached.add(each);
    }
    expect([...reached]).to.include.members([
      "as-sent miss",
      "as-sent bypass",
      "own miss",
      "own revalidated",
      "shared miss",
      "stored hit",
      "stored stale",
      "edge error",
    ]);
  });
});

describe("the model", () => {
  const withOrigin =
    (change: (fields: Fields) => Fields): Build =>
    (around) =>
      edgeCore({ ...around, origin: changing(around.origin, change) });

  const broken: readonly { readonly edge: string; readonly build: Build; readonly like: RegExp }[] = [
    {
      edge: "trusts every stored response",
      build: (around) => edgeCore(around, { Follower: Trusting }),
      like: /purged|the lease has run out/,
    },
    {
      edge: "takes what was softly purged for fresh",
      build: (around) => edgeCore(around, { Follower: Softless }),
      like: /softly purged/,
    },
    {
      edge: "does not count how long ago it was softly purged",
      build: (around) => edgeCore(around, { Follower: StaleForever }),
      like: /softly purged, stale by/,
    },
    {
      edge: "stores what a purge has overtaken",
      build: (around) => edgeCore(around, { Follower: Unfenced }),
      like: /purged/,
    },
    {
      edge: "lets requests join fills that began before a purge",
      build: (around) => edgeCore(around, { Follower: Joining }),
      like: /shared.*purged/,
    },
    {
      edge: "keeps what it must forget",
      build: (around) => edgeCore(around, { Store: Unforgetting }),
      like: /changed by an unsafe request/,
    },
    {
      edge: "mixes up bytes",
      build: (around) => edgeCore(around, { Store: Reversing }),
      like: /other bytes/,
    },
    {
      edge: "goes by a slow clock",
      build: (around) => edgeCore({ ...around, clock: slow(around.clock) }),
      like: /stale by/,
    },
    {
      edge: "overlooks Vary",
      build: withOrigin((fields) => fields.without(["Vary"])),
      like: /Vary: /,
    },
    {
      edge: "overlooks private and no-store",
      build: withOrigin((fields) =>
        fields.has("Cache-Control")
          ? fields.with(
              "Cache-Control",
              (fields.get("Cache-Control") ?? "").replace(/private|no-store/g, "x"),
            )
          : fields,
      ),
      like: /may not be stored: (private|no-store)/,
    },
  ];

  for (const { edge, build, like } of broken) {
    it(`finds out an edge that ${edge}`, async function () {
      this.timeout(60_000);
      const found = await findDisagreement({ runs: 2000, seed: SEED, build, asFound: true, like });
      expect(found).to.match(like);
    });
  }
});

class Trusting extends PurgeFollower {
  override standing(): ReturnType<PurgeFollower["standing"]> {
    return TRUSTED;
  }
}

class Softless extends PurgeFollower {
  override standing(
    ...[stored]: Parameters<PurgeFollower["standing"]>
  ): ReturnType<PurgeFollower["standing"]> {
    const standing = super.standing(stored);
    return standing.kind === "soft-purged" ? TRUSTED : standing;
  }
}

class StaleForever extends PurgeFollower {
  override standing(
    ...[stored]: Parameters<PurgeFollower["standing"]>
  ): ReturnType<PurgeFollower["standing"]> {
    const standing = super.standing(stored);
    return standing.kind === "soft-purged" ? { ...standing, seconds: 0 } : standing;
  }
}

class Unfenced extends PurgeFollower {
  override overtaken(): boolean {
    return false;
  }
}

class Joining extends PurgeFollower {
  override sharing(): "yes" {
    return "yes";
  }
}

class Unforgetting extends MemoryStore {
  override remove(): void {
    // It keeps it.
  }

  override async purge(): Promise<number> {
    return 0;
  }
}

class Reversing extends MemoryStore {
  override put(...[stored, request]: Parameters<MemoryStore["put"]>): ReturnType<MemoryStore["put"]> {
    return super.put({ ...stored, chunks: stored.chunks.map((chunk) => chunk.toReversed()) }, request);
  }
}

function slow(clock: Clock): Clock {
  const start = clock.wall();
  return {
    wall: () => start + (clock.wall() - start) / 2,
    monotonic: () => clock.monotonic() / 2,
    wait: (ms, signal) => clock.wait(ms, signal),
  };
}

function changing(origin: Origin, change: (fields: Fields) => Fields): Origin {
  return {
    fetch: async (request, signal) => {
      const response = await origin.fetch(request, signal);
      return { ...response, fields: change(response.fields) };
    },
    probe: () => origin.probe(),
    close: () => origin.close(),
  };
}
