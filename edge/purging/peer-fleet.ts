import type { Clock } from "../../process/clock.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Member, PurgeLog } from "../../purge-log/purge-log.ts";
import type { EdgeCounters } from "../cache/metrics.ts";
import type { LivePeer } from "../cache/peers/peer-choice.ts";
import { PeerLinks } from "../cache/peers/peer-links.ts";
import { Peers } from "../cache/peers/peers.ts";
import type { PurgeFollower } from "./follower.ts";
import { placesOf } from "./log-places.ts";

// Each edge writes its row once in this time. An edge that is new, or gone, costs a few fetches until then.
const LOOK_MS = 1_000;

interface FleetParts {
  readonly follower: PurgeFollower;
  readonly purgeLog: Pick<PurgeLog, "members">;
  readonly sites: { readonly digest: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: () => EdgeCounters;
}

interface FleetConfig {
  readonly id: string;
  readonly peers: boolean;
  readonly tokens: Tokens;
}

/** undefined: the edge asks none. */
export function peerFleet(config: FleetConfig, parts: FleetParts): PeerFleet | undefined {
  return config.peers ? new PeerFleet(config, parts) : undefined;
}

/** Keeps the table of the edges that can be asked, and the connections to them. */
export class PeerFleet {
  readonly peers: Peers;
  readonly #id: string;
  readonly #parts: FleetParts;
  readonly #links: PeerLinks;

  constructor({ id, tokens }: FleetConfig, parts: FleetParts) {
    this.#id = id;
    this.#parts = parts;
    this.#links = new PeerLinks(id, parts.clock);
    this.peers = new Peers({
      id,
      clock: parts.clock,
      purges: parts.follower,
      token: tokens.token,
      ...placesOf(parts.follower),
      transport: this.#links.send,
      passedOver: (why) => parts.counters().addReason("peersPassedOver", why),
    });
  }

  /** Until `signal` is aborted. Then it closes its connections. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await clock.wait(LOOK_MS, signal).catch(() => undefined);
    }
    this.#take([]);
  }

  /** Reads the heartbeat table. While the log does not answer, the last table counts. */
  async look(): Promise<void> {
    const { purgeLog, log, sites } = this.#parts;
    try {
      this.#take(livePeers(await purgeLog.members(), { self: this.#id, sites: sites.digest }));
    } catch (thrown) {
      log.info({ sampled: "peers", cause: describeError(thrown) }, "the table of edges cannot be read");
    }
  }

  #take(live: readonly LivePeer[]): void {
    this.peers.live = live;
    this.#links.keepOnly(live);
  }
}

/** The edges whose lease may last, and that serve the same sites. One that is silent for longer is down or cut off. */
function livePeers(
  members: readonly Member[],
  { self, sites }: { readonly self: string; readonly sites: string },
): readonly LivePeer[] {
  return members
    .filter(
      (member) => member.edge !== self && member.sites === sites && member.heartbeatAgeMs < member.leaseMs,
    )
    .map(({ edge: id, httpAddress: address }) => ({ id, address }));
}
