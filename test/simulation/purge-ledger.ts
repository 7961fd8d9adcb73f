import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { AcceptedPurge, Violation } from "./guarantees.ts";

/** A purge as its caller asked for it. */
export type Asked = Pick<Purge, "purgeId" | "targets" | "soft">;

/** The outcome of every purge, known from the log and from every reply about it. */
export class PurgeLedger {
  readonly accepted: AcceptedPurge[] = [];
  /** Rule P2: purges that were taken twice. */
  readonly takenTwice: Violation[] = [];
  readonly #time: VirtualTime;
  /** By purge and history: where it first stood. */
  readonly #places = new Map<string, string>();
  /** By purge and position: since when. A retry is answered with the first position, in whatever history. */
  readonly #taken = new Map<string, number>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The log has answered that the purge stands at this position. */
  take({ purgeId }: Purge, position: string, runId: string): void {
    const at = `${purgeId} ${position}`;
    this.#taken.set(at, this.#taken.get(at) ?? this.#time.now);
    const within = `${purgeId} ${runId}`;
    const first = this.#places.get(within) ?? position;
    this.#places.set(within, first);
    if (first !== position) {
      this.takenTwice.push(`once: ${purgeId} stands in the log at ${first} and at ${position}`);
    }
  }

  /** An edge was told so. Returns the purge when that is news. */
  accept({ purgeId, targets, soft }: Purge, text: string, runId: string): AcceptedPurge | undefined {
    if (this.#find({ purgeId, targets, soft }, text) !== undefined) return undefined;
    const acceptedAt = this.#taken.get(`${purgeId} ${text}`) ?? this.#time.now;
    const position = positionOf(text);
    const purge: AcceptedPurge = {
      purgeId,
      targets,
      soft,
      position,
      runId,
      acceptedAt,
      appliedAt: undefined,
    };
    this.accepted.push(purge);
    return purge;
  }

  /** The caller was told that it is applied. Returns the purge. */
  apply(asked: Asked, position: string): AcceptedPurge | undefined {
    const purge = this.#find(asked, position);
    if (purge !== undefined) purge.appliedAt ??= this.#time.now;
    return purge;
  }

  /** The same id may have been given to two purges. */
  #find(asked: Asked, position: string): AcceptedPurge | undefined {
    const wanted = textOf(asked);
    return this.accepted.find((one) => textOf(one) === wanted && formatPosition(one.position) === position);
  }
}

function textOf({ purgeId, targets, soft }: Asked): string {
  return JSON.stringify([purgeId, targets, soft]);
}

function positionOf(text: string): Position {
  const position = parsePosition(text);
  if (position === undefined) throw new Error(`the simulated Redis answered with the position ${text}`);
  return position;
}
