import type { ServerResponse } from "node:http";
import type { Clock } from "../../process/clock.ts";
import { eventText, Watcher } from "./watcher.ts";

// Each holds one of the 100 connections of the operator port: two thirds stay for scrapes and health checks.
export const MOST_WATCHERS = 32;

export interface AudienceParts {
  readonly clock: Pick<Clock, "wall">;
  /** The first one has come. */
  readonly began: () => void;
  /** The last one has gone. */
  readonly ended: () => void;
}

/** Everybody who watches. Each event is written once, for all of them. */
export class Audience {
  readonly #parts: AudienceParts;
  readonly #watchers = new Set<Watcher>();

  constructor(parts: AudienceParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** Events that those who watch now did not get. */
  get droppedEvents(): number {
    return [...this.#watchers].reduce((sum, { droppedEvents }) => sum + droppedEvents, 0);
  }

  /** Bytes that wait for the slowest. */
  get mostQueued(): number {
    return Math.max(0, ...[...this.#watchers].map(({ queuedBytes }) => queuedBytes));
  }

  get isFull(): boolean {
    return this.#watchers.size >= MOST_WATCHERS;
  }

  /** `first`: the events by which it learns what the others know. Ask `isFull` before. */
  admit(response: ServerResponse, first: () => readonly (readonly [name: string, data: object])[]): void {
    if (this.#watchers.size === 0) this.#parts.began();
    const watcher = new Watcher(response);
    this.#watchers.add(watcher);
    response.once("close", () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#parts.ended();
    });
    for (const [name, data] of first()) this.#send(watcher, name, data);
  }

  tell(name: string, data: object): void {
    const at = this.#parts.clock.wall();
    const event = eventText(name, { at, ...data });
    for (const watcher of this.#watchers) watcher.send(event, at);
  }

  beat(): void {
    for (const watcher of this.#watchers) watcher.beat();
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  #send(watcher: Watcher, name: string, data: object): void {
    const at = this.#parts.clock.wall();
    watcher.send(eventText(name, { at, ...data }), at);
  }
}
