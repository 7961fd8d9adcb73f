import { hashText, rendezvousScore } from "../../../http/message/rendezvous.ts";

/** Another edge that may be asked. */
export interface LivePeer {
  readonly id: string;
  /** host:port of its data port. */
  readonly address: string;
}

/** The facts about one fetch. */
export interface PeerFacts {
  readonly site: string;
  readonly target: string;
  /** Whether an edge asks, and no client: one hop is enough. */
  readonly byPeer: boolean;
  /** Whether all of a response is wanted that others may have too. */
  readonly wantsWhole: boolean;
  /** Whether the request has credentials, or fields that other clients do not send. */
  readonly personal: boolean;
  /** Whether the client demands an answer of the origin. */
  readonly demanded: boolean;
  /** Whether rules of the site change the request or its answer: they must act once. */
  readonly byRules: boolean;
  /** Whether the last answer for the key could not be shared. */
  readonly hitForMiss: boolean;
  /** Whether this edge has applied every purge that the client knows of, and knows its place in the purge log. */
  readonly atPosition: boolean;
  /** The edges that alone fetch for all; empty: each fetches what it owns. */
  readonly shield: readonly string[];
  /** Whether a request at this edge has invalidated it of late. */
  readonly invalidated: boolean;
}

/** Why the origin is asked and no other edge. */
export type NoPeer =
  | "owner"
  | "by-peer"
  | "part"
  | "personal"
  | "demanded"
  | "rules"
  | "hit-for-miss"
  | "position"
  | "invalidated"
  | "no-shield";

/** Whom a fetch asks before the origin. */
export interface AskedPeers {
  readonly peer: LivePeer;
  /** Another shield, which is asked when the first is no help. */
  readonly next?: LivePeer;
}

/** Whom a fetch asks first. */
export type PeerChoice =
  | ({ readonly kind: "peer" } & AskedPeers)
  | { readonly kind: "origin"; readonly why: NoPeer };

/** `self`: the id of this edge. `peers`: the others that can be asked now. */
export function choosePeer(facts: PeerFacts, self: string, peers: readonly LivePeer[]): PeerChoice {
  const why = reasonForOrigin(facts);
  return why === undefined ? chooseAmong(facts, self, peers) : { kind: "origin", why };
}

/** The same where nothing speaks against another edge. */
export function chooseAmong(
  facts: Pick<PeerFacts, "site" | "target" | "shield">,
  self: string,
  peers: readonly LivePeer[],
): PeerChoice {
  const { shield } = facts;
  if (shield.length > 0 && !shield.includes(self)) return chooseShield(facts, peers);
  const others = shield.length === 0 ? peers : peers.filter(({ id }) => shield.includes(id));
  const owner = ownerOf(facts, self, others);
  return owner === undefined ? { kind: "origin", why: "owner" } : { kind: "peer", peer: owner };
}

function chooseShield(
  facts: Pick<PeerFacts, "site" | "target" | "shield">,
  peers: readonly LivePeer[],
): PeerChoice {
  const [first, ...rest] = peers.filter(({ id }) => facts.shield.includes(id));
  if (first === undefined) return { kind: "origin", why: "no-shield" };
  const peer = bestOf(facts, first, rest);
  const [other, ...others] = [first, ...rest].filter((each) => each !== peer);
  return other === undefined
    ? { kind: "peer", peer }
    : { kind: "peer", peer, next: bestOf(facts, other, others) };
}

function bestOf(
  key: Pick<PeerFacts, "site" | "target">,
  first: LivePeer,
  rest: readonly LivePeer[],
): LivePeer {
  return ownerOf(key, first.id, rest) ?? first;
}

function reasonForOrigin(facts: PeerFacts): NoPeer | undefined {
  if (facts.byPeer) return "by-peer";
  if (!facts.wantsWhole) return "part";
  if (facts.personal) return "personal";
  if (facts.demanded) return "demanded";
  if (facts.byRules) return "rules";
  if (facts.hitForMiss) return "hit-for-miss";
  if (!facts.atPosition) return "position";
  return facts.invalidated ? "invalidated" : undefined;
}

/**
 * The edge that fetches a path for all. undefined: this one. A query does not count, so that the pages of one path, which
 * a purge names together, are at one edge.
 */
export function ownerOf(
  { site, target }: Pick<PeerFacts, "site" | "target">,
  self: string,
  peers: readonly LivePeer[],
): LivePeer | undefined {
  const [path = ""] = target.split("?", 1);
  const key = hashText(path, hashText(`${site} `));
  let [best, owner] = [rendezvousScore(key, hashText(self)), self];
  let found: LivePeer | undefined;
  for (const peer of peers) {
    const score = rendezvousScore(key, hashText(peer.id));
    // Of two with one score, every edge must name the same one.
    if (score < best || (score === best && peer.id > owner)) continue;
    [best, owner, found] = [score, peer.id, peer];
  }
  return found;
}
