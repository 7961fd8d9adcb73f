import type { Eviction } from "./eviction.ts";

interface Shadow {
  readonly entry: number;
  readonly bytes: number;
}

/** A cache without responses: it tells how often a policy would have had what was asked for. */
export class ShadowCache {
  readonly #policy: Eviction;
  readonly #held = new Map<number, Shadow>();
  readonly #hashes: number[] = [0];
  readonly #free: number[] = [];
  #bytes = 0;

  constructor(policy: Eviction) {
    this.#policy = policy;
  }

  /** Returns whether it was there. Afterwards it is, unless it is larger than `most`, the bytes that all may have. */
  asked(hash: number, bytes: number, most: number): boolean {
    const held = this.#held.get(hash);
    if (held !== undefined) {
      this.#policy.used(held.entry);
      return true;
    }
    if (bytes > most) return false;
    this.#makeRoom(most - bytes);
    const entry = this.#free.pop() ?? this.#hashes.length;
    this.#hashes[entry] = hash;
    this.#held.set(hash, { entry, bytes });
    this.#bytes += bytes;
    this.#policy.added(entry, hash, bytes);
    return false;
  }

  #makeRoom(most: number): void {
    while (this.#bytes > most) {
      const victim = this.#policy.victim();
      const hash = victim === undefined ? undefined : this.#hashes[victim];
      const held = hash === undefined ? undefined : this.#held.get(hash);
      if (hash === undefined || held === undefined) return;
      this.#drop(hash, held);
    }
  }

  #drop(hash: number, { entry, bytes }: Shadow): void {
    this.#held.delete(hash);
    this.#bytes -= bytes;
    this.#policy.removed(entry);
    this.#free.push(entry);
  }
}
