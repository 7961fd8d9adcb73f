import type { Clock } from "../../../process/clock.ts";
import { GiveUp, type GiveUpSignal } from "../../origin/give-up.ts";
import type { OriginResponse } from "../../origin/origin.ts";
import type { PassedOver } from "./peer-fields.ts";

export type PeerAnswer =
  | { readonly kind: "answer"; readonly response: OriginResponse }
  | { readonly kind: "passed-over"; readonly why: PassedOver };

/** An edge that waits for the origin says so. Longer than this, it is asked for no more: the origin is. */
export const MOST_WAIT_MS = 5_000;

export interface PeerFirst {
  /** Never rejects. `signed`: is to be called when the edge shows that it lives. */
  readonly peer: (signal: GiveUpSignal, signed: () => void) => Promise<PeerAnswer>;
  readonly origin: (signal: GiveUpSignal) => Promise<OriginResponse>;
  /** Milliseconds without a sign after which the origin is asked beside the edge. */
  readonly delayMs: number;
  /** Told when it is passed over. */
  readonly passedOver: (why: PassedOver) => void;
  readonly signal: GiveUpSignal;
  readonly clock: Clock;
}

/** Whose answer it is. */
export interface FirstAnswer {
  readonly from: "peer" | "origin";
  readonly response: OriginResponse;
}

/**
 * Asks another edge, and the origin when the edge has nothing to use, or beside it when the edge is silent. The first
 * answer counts; the other request is given up.
 */
export async function peerFirst(first: PeerFirst): Promise<FirstAnswer> {
  const { peer, origin, delayMs, passedOver, signal, clock } = first;
  const [atPeer, atOrigin] = [new GiveUp(), new GiveUp()];
  const giveUp = (): void => {
    atPeer.abort(signal.reason);
    atOrigin.abort(signal.reason);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  const silence = new Silence(clock, delayMs);
  const answer = peer(atPeer, () => silence.extend(MOST_WAIT_MS));
  const asked = await Promise.race([answer, silence.over.then((): "slow" => "slow")]);
  silence.end();
  if (asked === "slow") {
    passedOver("slow");
    return besides(answer, origin(atOrigin), { atPeer, atOrigin });
  }
  if (asked.kind === "answer") return { from: "peer", response: asked.response };
  passedOver(asked.why);
  return { from: "origin", response: await origin(atOrigin) };
}

/** The edge may still be the first. */
async function besides(
  peer: Promise<PeerAnswer>,
  origin: Promise<OriginResponse>,
  { atPeer, atOrigin }: { readonly atPeer: GiveUp; readonly atOrigin: GiveUp },
): Promise<FirstAnswer> {
  const usable = peer.then((answer): FirstAnswer | Promise<FirstAnswer> =>
    answer.kind === "answer"
      ? { from: "peer", response: answer.response }
      : origin.then((response): FirstAnswer => ({ from: "origin", response })),
  );
  const direct = origin.then((response): FirstAnswer => ({ from: "origin", response }));
  // The origin failed: the edge may have an answer all the same.
  const winner = await Promise.race([usable, direct.catch(() => usable)]);
  if (winner.from === "peer") {
    atOrigin.abort();
    origin.catch(() => undefined);
  } else atPeer.abort();
  return winner;
}

/** Time without a sign. */
class Silence {
  readonly #clock: Clock;
  readonly #over = Promise.withResolvers<void>();
  #waiting = new AbortController();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#wait(ms);
  }

  /** Resolves when it has lasted too long. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  extend(ms: number): void {
    if (this.#waiting.signal.aborted) return;
    this.end();
    this.#waiting = new AbortController();
    this.#wait(ms);
  }

  end(): void {
    this.#waiting.abort();
  }

  #wait(ms: number): void {
    this.#clock.wait(ms, this.#waiting.signal).then(this.#over.resolve, () => undefined);
  }
}
