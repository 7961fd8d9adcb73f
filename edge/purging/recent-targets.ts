import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Located, NamedTarget } from "./named-target.ts";
import { RememberedTargets } from "./remembered-targets.ts";

// The oldest part is forgotten at once, which costs nothing. More parts forget less at a time, and cost each lookup more.
const PARTS = 4;

interface Part {
  readonly targets: RememberedTargets;
  last: Position;
}

/**
 * What has been named of late, within a number of bytes. When more has come than that, it answers as if what it has
 * forgotten covered everything.
 */
export class RecentTargets {
  readonly #mostBytes: number;
  /** The oldest first. */
  #parts: Part[] = [];
  /** The last position whose targets are forgotten. */
  #forgotten: Position | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { targets }) => sum + targets.bytes, 0);
  }

  /** `oldest`: nobody will ask about an earlier time than this position; undefined: nobody will ask about the past. */
  add(targets: readonly NamedTarget[], at: Position, oldest: () => Position | undefined): void {
    const newest = this.#parts.at(-1);
    if (newest === undefined || newest.targets.bytes >= this.#mostBytes / PARTS) {
      this.#forgetUnasked(oldest());
      this.#parts.push({ targets: new RememberedTargets(), last: at });
    }
    const part = this.#parts.at(-1);
    if (part === undefined) throw new Error("a part was just added");
    part.targets.add(targets, at);
    part.last = at;
    while (this.bytes > this.#mostBytes) this.#forgetPart();
  }

  /** Whether a purge after `since` named a target that covers the response, or may cover it. */
  covers(response: Located, since: Position): boolean {
    if (this.forgotSince(since)) return true;
    return this.#parts.some(
      ({ targets, last }) => comparePositions(last, since) > 0 && targets.covers(response, since),
    );
  }

  /** Whether a target after `since` is already forgotten. */
  protected forgotSince(since: Position): boolean {
    return this.#forgotten !== undefined && comparePositions(this.#forgotten, since) > 0;
  }

  /** No caller will ask about earlier positions. New positions may begin again below the earlier ones. */
  clear(): void {
    this.#parts = [];
    this.#forgotten = undefined;
  }

  #forgetUnasked(oldest: Position | undefined): void {
    while (this.#parts[0] !== undefined) {
      if (oldest !== undefined && comparePositions(this.#parts[0].last, oldest) > 0) return;
      this.#forgetPart();
    }
  }

  #forgetPart(): void {
    this.#forgotten = this.#parts.shift()?.last ?? this.#forgotten;
  }
}
