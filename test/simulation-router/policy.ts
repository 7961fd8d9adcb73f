import type { World } from "./world.ts";

/** Decides for one router where its requests go, and hears what became of them. Edges are numbers. */
export interface Picker {
  /** The edges to try, best first. */
  choose(now: number): readonly number[];
  /** The following are told of each attempt; who does not learn from them leaves them out. */
  began?(edge: number, now: number): void;
  answered?(edge: number, now: number, firstByteMs: number): void;
  /** It was refused, broken off or out of time. */
  failed?(edge: number, now: number): void;
}

export interface Policy {
  readonly name: string;
  /** What one router does. `leave` has every attempt that waits for that edge end as failed. */
  picker(world: World, router: number, leave: (edge: number) => void): Picker;
}
