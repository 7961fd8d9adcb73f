import type { Served } from "../../edge/cache/answer.ts";
import type { Peers, PeerTransport } from "../../edge/cache/peers/peers.ts";
import { serve } from "../../edge/cache/serve.ts";
import { type OriginResponse, plainBody } from "../../edge/origin/origin.ts";
import type { PurgeFollower } from "../../edge/purging/follower.ts";
import { placesOf } from "../../edge/purging/log-places.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { Clock } from "../../process/clock.ts";
import type { EdgeRules } from "./edge-rules.ts";
import type { Running } from "./running-edge.ts";

/** An edge as others see it. */
interface PeerEdge {
  readonly id: string;
  readonly site: string;
  readonly running: Running | undefined;
  defer(run: () => void): void;
}

interface Fleet {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly rules: EdgeRules;
  /** undefined: they do not ask each other. */
  readonly others: (() => readonly PeerEdge[]) | undefined;
}

interface Link {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly from: PeerEdge;
  readonly others: () => readonly PeerEdge[];
}

/** The other edges, as this one asks them. */
export function simulatedPeers(
  from: PeerEdge,
  { time, random, rules, others }: Fleet,
  follower: PurgeFollower,
  clock: Clock,
): Peers | undefined {
  if (others === undefined) return undefined;
  const peers = rules.peers({
    id: from.id,
    clock,
    purges: follower,
    token: undefined,
    ...placesOf(follower),
    transport: peerLink({ time, random: random.fork(), from, others }),
    passedOver: () => undefined,
  });
  // Some of them are down or behind: nothing that is promised depends on the table.
  peers.live = others()
    .filter(({ id, site }) => id !== from.id && site === from.site)
    .map(({ id }) => ({ id, address: id }));
  return peers;
}

/** The way from one edge to the others. A message is now and then so late that purges overtake it. */
function peerLink({ time, random, from, others }: Link): PeerTransport {
  const way = (to: PeerEdge): Promise<void> => {
    const ms = random.chance(0.15) ? random.between(20, 700) : random.between(0.1, 4);
    return new Promise((resolve) => time.after(ms, () => to.defer(resolve)));
  };
  return async (peer, request, signal) => {
    const to = others().find(({ id }) => id === peer.id);
    if (to === undefined) throw new Error(`there is no ${peer.id}`);
    await way(to);
    const { running } = to;
    if (running === undefined) throw new Error(`${peer.id} is down`);
    const { method, target, fields } = request;
    const asked = { method, target, fields, site: to.site, scheme: "http", authority: "site" } as const;
    const served = await serve({ ...asked, body: undefined, left: signal }, running.parts);
    await way(from);
    const isUp = (): boolean => to.running === running;
    if (!isUp()) throw new Error(`${peer.id} crashed`);
    return asResponse(served, isUp);
  };
}

/** As it comes over the wire. */
function asResponse({ status, fields, content, age }: Served, isUp: () => boolean): OriginResponse {
  const aged = age === undefined ? fields : fields.with("Age", String(age));
  async function* read(): AsyncGenerator<Uint8Array> {
    if (content.kind === "none") return;
    if (content.kind === "bytes") {
      yield* content.chunks;
      return;
    }
    for await (const chunk of content.read(0)) {
      if (!isUp()) throw new Error("the edge crashed");
      yield chunk;
    }
  }
  return { status, fields: aged, body: content.kind === "none" ? plainBody() : read() };
}
