import type { LogPlace } from "../../edge/cache/peers/peer-fields.ts";
import { Peers, type PeersParts } from "../../edge/cache/peers/peers.ts";
import { Fence } from "../../edge/purging/fence.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { Position } from "../../purge-log/position.ts";
import { type EdgeRules, FENCE_BYTES } from "./edge-rules.ts";

/** Asks for whatever another edge has. */
class AskingForAnything extends Peers {
  constructor(parts: PeersParts) {
    const askingPlace = (): LogPlace | undefined => {
      const place = parts.askingPlace();
      return place && { ...place, position: { ...place.position, seq: 0 } };
    };
    super({ ...parts, askingPlace });
  }
}

const FAR: Position = { epoch: Number.MAX_SAFE_INTEGER, seq: 0 };

/** Answers other edges as if it had applied every purge. */
class AnsweringBehind extends Peers {
  override place(): LogPlace | undefined {
    const place = super.place();
    return place && { ...place, position: FAR };
  }
}

/** Waits for no purge that an asker has applied. */
class NeverWaiting extends PurgeFollower {
  override async reaches(): Promise<boolean> {
    return true;
  }
}

/** Rule E11, with one part of it left out. */
export const BROKEN_PEERS: readonly (Partial<EdgeRules> & {
  readonly name: string;
  readonly from: number;
})[] = [
  {
    name: "E11: an edge does not say how far it is when it asks another one",
    from: 20,
    peers: (parts) => new AskingForAnything(parts),
  },
  {
    name: "E11: an edge that is behind answers another one",
    from: 20,
    peers: (parts) => new AnsweringBehind(parts),
    follower: (parts) => new NeverWaiting({ ...parts, fence: new Fence(FENCE_BYTES) }),
  },
];
