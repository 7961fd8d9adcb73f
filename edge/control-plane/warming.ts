import type { Clock } from "../../process/clock.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { describeError } from "../../process/failure.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import type { CacheContext } from "../cache/context.ts";
import { readHotFile, writeHotFile } from "../cache/warming/hot-file.ts";
import { type HotPage, hotPages, hottest } from "../cache/warming/hot-pages.ts";
import { warmUp } from "../cache/warming/warm-up.ts";
import { askHot } from "./ask-hot.ts";

// At 100 a second it takes less than two minutes to fetch them.
const MOST_PAGES = 10_000;
const MOST_OF_A_PEER = 5_000;
// Each tells what is asked for most in its region; more would tell nothing new.
const MOST_PEERS = 3;
// The lease comes with the first heartbeat, and may go and come later.
const LOOK_MS = 100;

interface WarmingConfig {
  readonly id: string;
  readonly tokens: Tokens;
  readonly warmStart: string | undefined;
  readonly warmFromPeers: boolean;
  readonly warmPace: number;
}

interface WarmingParts {
  readonly edge: CacheContext;
  readonly purgeLog: Pick<PurgeLog, "members">;
  readonly follower: { readonly leaseLeftMs: number };
  readonly access: { readonly identity: ControlIdentity } | undefined;
}

/** Fills the cache before clients ask: with what was asked for most before the last stop, and at other edges. */
export class Warming {
  readonly #config: WarmingConfig;
  readonly #parts: WarmingParts;

  constructor(config: WarmingConfig, parts: WarmingParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** Until the signal. Then it notes what was asked for most. Never rejects. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    const { warmStart, warmFromPeers } = this.#config;
    if (warmStart === undefined && !warmFromPeers) return;
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stopped.resolve(), { once: true });
    if (signal.aborted) stopped.resolve();
    await this.#fill(clock, signal);
    await stopped.promise;
    if (warmStart !== undefined) await this.#note(warmStart);
  }

  async #fill(clock: Clock, signal: AbortSignal): Promise<void> {
    const { edge, follower } = this.#parts;
    const { warmPace: pace } = this.#config;
    const ready = async (): Promise<void> => {
      while (follower.leaseLeftMs <= 0 && !signal.aborted)
        await clock.wait(LOOK_MS, signal).catch(() => undefined);
    };
    await ready();
    const pages = hottest([...(await this.#noted()), ...(await this.#ofPeers())], MOST_PAGES);
    if (pages.length === 0 || signal.aborted) return;
    const warmed = await warmUp(pages, edge, { pace, ready, signal });
    edge.log.info({ pages: pages.length, ...warmed }, "warmed up");
  }

  async #noted(): Promise<readonly HotPage[]> {
    const { warmStart } = this.#config;
    if (warmStart === undefined) return [];
    try {
      return await readHotFile(warmStart);
    } catch (thrown) {
      this.#parts.edge.log.warn(
        { cause: describeError(thrown) },
        "nothing is fetched from the warm start file",
      );
      return [];
    }
  }

  async #ofPeers(): Promise<readonly HotPage[]> {
    const { edge, access, purgeLog } = this.#parts;
    const { id: own, warmFromPeers, tokens } = this.#config;
    if (!warmFromPeers) return [];
    const proof = { identity: access?.identity, tokens, clock: edge.clock };
    try {
      const members = await purgeLog.members();
      const others = members
        .filter(({ edge: id, heartbeatAgeMs, leaseMs }) => id !== own && heartbeatAgeMs < leaseMs)
        .slice(0, MOST_PEERS);
      const asked = others.map(({ grpcAddress }) => askHot(grpcAddress, MOST_OF_A_PEER, proof));
      const heard = await Promise.allSettled(asked);
      for (const [at, each] of heard.entries())
        if (each.status === "rejected")
          edge.log.warn(
            { peer: others[at]?.edge, cause: describeError(each.reason) },
            "an edge does not say what is asked for most there",
          );
      return heard.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    } catch (thrown) {
      edge.log.warn(
        { cause: describeError(thrown) },
        "the edges are not known: nothing is fetched from them",
      );
      return [];
    }
  }

  async #note(path: string): Promise<void> {
    try {
      await writeHotFile(path, await hotPages(this.#parts.edge, MOST_PAGES));
    } catch (thrown) {
      this.#parts.edge.log.error({ cause: describeError(thrown) }, "the warm start file is not written");
    }
  }
}
