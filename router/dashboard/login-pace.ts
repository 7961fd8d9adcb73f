import { LRUCache } from "lru-cache";
import type { Clock } from "../../process/clock.ts";

// A person who mistypes tries a few times; then one try in ten seconds is 3 million a year, and a token has far more forms.
export const FREE_TRIES = 5;
export const TRY_EVERY_MS = 10_000;

// Strangers with many addresses push out the records of others, and may then try 5 times each again. Each takes some 100 B.
const MOST_CLIENTS = 10_000;

/** How often somebody may offer a wrong token. A right one is never counted. */
export class LoginPace {
  readonly #clock: Pick<Clock, "monotonic">;
  /** By client, when all its wrong tries will be forgotten. */
  readonly #forgottenAt = new LRUCache<string, number>({ max: MOST_CLIENTS });

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** 0: it may try. Else milliseconds after which it may. */
  waitMs(client: string): number {
    const debt = (this.#forgottenAt.get(client) ?? 0) - this.#clock.monotonic();
    return Math.max(0, debt - (FREE_TRIES - 1) * TRY_EVERY_MS);
  }

  failed(client: string): void {
    const now = this.#clock.monotonic();
    const from = Math.max(now, this.#forgottenAt.get(client) ?? 0);
    this.#forgottenAt.set(client, from + TRY_EVERY_MS);
  }
}
