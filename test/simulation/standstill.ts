import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";

/** A machine, or one of its threads, that may stand still for a while. */
export class Standstill {
  readonly #time: VirtualTime;
  readonly #machine: Standstill | undefined;
  #until = 0;

  /** `machine`: of a thread, which stands still with it. */
  constructor(time: VirtualTime, machine?: Standstill) {
    this.#time = time;
    this.#machine = machine;
  }

  get until(): number {
    return Math.max(this.#until, this.#machine?.until ?? 0);
  }

  begin(ms: number): void {
    this.#until = Math.max(this.#until, this.#time.now + ms);
  }

  end(): void {
    this.#until = 0;
  }

  /** Runs it now, or when it goes on, in order. */
  defer(run: () => void): void {
    if (this.#time.now >= this.until) run();
    else this.#time.at(this.until, () => this.defer(run));
  }
}
