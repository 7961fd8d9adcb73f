/** The bounds of what the rules of sites make of one purge. */
export interface TargetLimits {
  readonly targets: number;
  readonly characters: number;
  readonly looks: number;
  readonly misses: number;
}

export const TARGET_LIMITS: TargetLimits = {
  // The fence takes them in one turn, for which requests wait: 1 ms for so many, 5 ms while its code is new.
  targets: 5_000,
  // 200 for each of so many. Rules may make so much of one long URL, in one turn.
  characters: 1_000_000,
  // A rule and a URL of usual length: less than half a second in all. The lease of an edge that takes longer runs out.
  looks: 2_000_000,
  // Rules that make more than there is room for. To find that out takes up to 50 ms each time, in slices.
  misses: 10,
};

/** What is left of the limits. */
export class TargetRoom {
  readonly #limits: TargetLimits;
  #targets: number;
  #characters: number;
  #looks: number;
  #misses = 0;

  constructor(limits: TargetLimits) {
    this.#limits = limits;
    this.#targets = limits.targets;
    this.#characters = limits.characters;
    this.#looks = limits.looks;
  }

  /** How many targets of this length there was room for at first. */
  mostOf(length: number): number {
    const { targets, characters } = this.#limits;
    return Math.min(targets, Math.floor(characters / length));
  }

  /** Whether there is time for so many more. */
  look(looks: number): boolean {
    this.#looks -= looks;
    return this.#looks >= 0;
  }

  has(targets: number, characters: number): boolean {
    return targets <= this.#targets && characters <= this.#characters;
  }

  take(targets: number, characters: number): void {
    this.#targets -= targets;
    this.#characters -= characters;
  }

  /** There was no room for what some rules make. After many times there is none for anything. */
  miss(): void {
    this.#misses += 1;
    if (this.#misses >= this.#limits.misses) this.take(this.#targets, this.#characters);
  }
}
