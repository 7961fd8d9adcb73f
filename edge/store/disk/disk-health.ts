import type { Clock } from "../../../process/clock.ts";
import { describeError } from "../../../process/failure.ts";

// A full disk may get room, and a cable may be plugged in again. A call that hangs has a thread of the process, of which
// there are few.
export const REST_MS = 30_000;

/** What is wrong with a disk. */
export const troubleKinds = ["full", "read-only", "forbidden", "hanging", "failing"] as const;

export interface DiskTrouble {
  readonly kind: (typeof troubleKinds)[number];
  readonly cause: string;
}

const KIND_OF: ReadonlyMap<unknown, DiskTrouble["kind"]> = new Map([
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "read-only"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
]);

export function troubleOf(thrown: unknown): DiskTrouble {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return { kind: KIND_OF.get(code) ?? "failing", cause: describeError(thrown) };
}

/** How reads or writes of a disk go. After one that says so they rest. */
export class DiskHealth {
  readonly #clock: Pick<Clock, "monotonic">;
  #restsUntil = 0;
  #trouble: DiskTrouble | undefined;
  errors = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  get rests(): boolean {
    return this.#clock.monotonic() < this.#restsUntil;
  }

  /** Of the last call; undefined: it went well. */
  get trouble(): DiskTrouble | undefined {
    return this.#trouble;
  }

  went(): void {
    this.#trouble = undefined;
  }

  failed(trouble: DiskTrouble, how: "rest" | "go on"): void {
    this.errors += 1;
    this.#trouble = trouble;
    if (how === "rest") this.#restsUntil = this.#clock.monotonic() + REST_MS;
  }
}
