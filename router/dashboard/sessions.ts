import { randomBytes } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import type { DashboardRight } from "./dashboard-right.ts";

// A working day: nobody logs in twice, and a browser that was left open over night has no rights in the morning.
export const SESSION_MS = 12 * 3_600_000;

// A team and its browsers. The oldest one makes room: nobody is kept out by those who never log out.
export const MOST_SESSIONS = 200;

// 256 bits: nobody guesses one.
const ID_BYTES = 32;

interface Session {
  readonly right: Exclude<DashboardRight, "none">;
  readonly endsAt: number;
}

/** Who has logged in. They are forgotten when the router ends. */
export class Sessions {
  readonly #clock: Pick<Clock, "monotonic">;
  /** By id, the oldest first. */
  readonly #open = new Map<string, Session>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Returns its id. */
  begin(right: Session["right"]): string {
    const now = this.#clock.monotonic();
    for (const [id, { endsAt }] of this.#open) if (endsAt <= now) this.#open.delete(id);
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= MOST_SESSIONS) this.#open.delete(oldest);
    const id = randomBytes(ID_BYTES).toString("base64url");
    this.#open.set(id, { right, endsAt: now + SESSION_MS });
    return id;
  }

  rightOf(id: string): DashboardRight {
    const session = this.#open.get(id);
    return session !== undefined && session.endsAt > this.#clock.monotonic() ? session.right : "none";
  }

  end(id: string): void {
    this.#open.delete(id);
  }
}
