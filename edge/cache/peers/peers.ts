import type { Clock } from "../../../process/clock.ts";
import type { Token } from "../../../process/control/tokens.ts";
import { comparePositions } from "../../../purge-log/position.ts";
import type { GiveUpSignal } from "../../origin/give-up.ts";
import type { OriginRequest, OriginResponse } from "../../origin/origin.ts";
import type { Purgeable } from "../../store/purge-match.ts";
import type { PurgeState } from "../purge-state.ts";
import { chooseAmong, choosePeer, type LivePeer, type PeerChoice, type PeerFacts } from "./peer-choice.ts";
import {
  type LogPlace,
  MARK,
  type PassedOver,
  PEER,
  PEER_REFUSALS,
  type PeerAsk,
  type PeerRefusal,
  peerField,
  placeIn,
} from "./peer-fields.ts";
import { type FirstAnswer, type PeerAnswer, peerFirst } from "./peer-first.ts";
import { PeerHealth } from "./peer-health.ts";
import { RecentInvalidations } from "./recent-invalidations.ts";

/** Sends a request to the data port of another edge. */
export type PeerTransport = (
  peer: LivePeer,
  request: OriginRequest,
  signal: GiveUpSignal,
) => Promise<OriginResponse>;

export interface PeersParts {
  /** Of this edge. */
  readonly id: string;
  readonly clock: Clock;
  readonly transport: PeerTransport;
  /** By which edges know each other. */
  readonly token: Token | undefined;
  /** Where this edge is in the purge log, with its lease or without; undefined: it does not know. */
  readonly askingPlace: () => LogPlace | undefined;
  /** The same; undefined without the lease. */
  readonly place: () => LogPlace | undefined;
  readonly purges: Pick<PurgeState, "mark" | "overtaken" | "hold">;
  readonly passedOver: (why: PassedOver) => void;
}

/** The words that the owner refuses with. */
const REFUSALS: ReadonlySet<string> = new Set(PEER_REFUSALS);

/** The other edges of the fleet, as this one asks them. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #invalidated: RecentInvalidations;
  readonly #health = new Map<string, PeerHealth>();
  #live: readonly LivePeer[] = [];

  constructor(parts: PeersParts) {
    this.#parts = parts;
    this.#invalidated = new RecentInvalidations(parts.purges, parts.clock);
  }

  /** Those whose heartbeats say that they live and serve the same sites. */
  get live(): readonly LivePeer[] {
    return this.#live;
  }

  set live(peers: readonly LivePeer[]) {
    this.#live = peers;
    const ids = new Set(peers.map(({ id }) => id));
    for (const id of this.#health.keys()) if (!ids.has(id)) this.#health.delete(id);
  }

  /** Where this edge is in the purge log; undefined while it may not answer other edges. */
  place(): LogPlace | undefined {
    return this.#parts.place();
  }

  /** Whether a request at this edge has invalidated it of late: other edges may not know yet. */
  isInvalidated(response: Purgeable): boolean {
    return this.#invalidated.cover(response);
  }

  choose(facts: PeerFacts): PeerChoice {
    const now = this.#parts.clock.monotonic();
    const awake = this.#live.filter(({ id }) => this.#health.get(id)?.mayBeAsked(now) !== false);
    return choosePeer(facts, this.#parts.id, awake);
  }

  /** The id of the edge that fetches this for all. */
  ownerOf(key: Pick<PeerFacts, "site" | "target" | "shield">): string {
    const choice = chooseAmong(key, this.#parts.id, this.#live);
    return choice.kind === "peer" ? choice.peer.id : this.#parts.id;
  }

  /** Asks the edge, then the origin. */
  async first(
    peer: LivePeer,
    request: OriginRequest,
    of: Omit<PeerAsk, "asker" | "after">,
    origin: (signal: GiveUpSignal) => Promise<OriginResponse>,
    signal: GiveUpSignal,
  ): Promise<FirstAnswer> {
    const { clock, passedOver, askingPlace, id } = this.#parts;
    const after = askingPlace();
    if (after === undefined) return { from: "origin", response: await origin(signal) };
    const health = this.#healthOf(peer.id);
    return peerFirst({
      peer: (atPeer, signed) => this.#ask(peer, request, { ...of, asker: id, after }, atPeer, signed),
      origin,
      delayMs: health.delayMs,
      passedOver: (why) => {
        if (signal.aborted) return;
        if (why === "slow" || why === "unreachable") health.failed(clock.monotonic());
        passedOver(why);
      },
      signal,
      clock,
    });
  }

  async #ask(
    peer: LivePeer,
    request: OriginRequest,
    ask: PeerAsk,
    signal: GiveUpSignal,
    signed: () => void,
  ): Promise<PeerAnswer> {
    const { clock, token, transport } = this.#parts;
    const field = peerField(ask, request, token);
    const since = clock.monotonic();
    const health = this.#healthOf(peer.id);
    const sign = (): void => {
      health.answered(clock.monotonic() - since);
      signed();
    };
    const fields = request.fields.with(PEER, field);
    const { origin: _, timeouts: __, onAsked: ___, ...plain } = request;
    const onInterim = (status: number): void => {
      if (status === 102) sign();
    };
    try {
      const response = await transport(peer, { ...plain, fields, onInterim }, signal);
      return this.#judged(response, ask, field, sign);
    } catch {
      return { kind: "passed-over", why: "unreachable" };
    }
  }

  /** Rule E11: an answer counts only when it takes account of all that this edge has applied. */
  #judged(response: OriginResponse, { after }: PeerAsk, field: string, sign: () => void): PeerAnswer {
    const mark = response.fields.get(MARK);
    const place = mark === undefined ? undefined : placeIn(mark, field, this.#parts.token);
    if (place === undefined) {
      const why = mark !== undefined && isRefusal(mark) ? mark : "no-answer";
      drop(response);
      if (mark !== undefined) sign();
      return { kind: "passed-over", why };
    }
    sign();
    const isSame = place.runId === after.runId && comparePositions(place.position, after.position) >= 0;
    if (!isSame) {
      drop(response);
      return { kind: "passed-over", why: "behind" };
    }
    return { kind: "answer", response: { ...response, fields: response.fields.without([MARK, "X-Cache"]) } };
  }

  #healthOf(id: string): PeerHealth {
    const known = this.#health.get(id) ?? new PeerHealth();
    this.#health.set(id, known);
    return known;
  }
}

function isRefusal(word: string): word is PeerRefusal {
  return REFUSALS.has(word);
}

/** A small answer is whole: its connection can be used again. Else it is closed. */
function drop({ body }: OriginResponse): void {
  if (body.takeWhole?.() === undefined) void body[Symbol.asyncIterator]().return?.();
}
