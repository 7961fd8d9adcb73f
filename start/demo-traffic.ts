import { Agent, get } from "node:http";
import type { Clock } from "../process/clock.ts";

// As much as the eye follows on the dashboard, and nothing for the machine.
const PAUSE_MS = 50;
// A front that answers no more must not gather requests.
const MOST_IN_FLIGHT = 20;
const PATIENCE_MS = 5_000;

/** Requests of made-up visitors, one every 50 ms, as long as somebody wants them. */
export class DemoTraffic {
  readonly #paths: readonly string[];
  readonly #front: () => string;
  readonly #clock: Pick<Clock, "wait">;
  readonly #random: () => number;
  #stopped: AbortController | undefined;
  #inFlight = 0;

  /** `front`: the base URL of the router. */
  constructor(
    paths: readonly string[],
    front: () => string,
    { clock, random }: { readonly clock: Pick<Clock, "wait">; readonly random: () => number },
  ) {
    this.#paths = paths;
    this.#front = front;
    this.#clock = clock;
    this.#random = random;
  }

  get isOn(): boolean {
    return this.#stopped !== undefined;
  }

  begin(): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = new AbortController();
    void this.#run(this.#stopped.signal);
  }

  end(): void {
    this.#stopped?.abort();
    this.#stopped = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT });
    while (!signal.aborted) {
      if (this.#inFlight < MOST_IN_FLIGHT) this.#ask(agent, signal);
      await this.#clock.wait(PAUSE_MS, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
    agent.destroy();
  }

  /** A visitor who gets an error goes away: the dashboard shows the error. */
  #ask(agent: Agent, signal: AbortSignal): void {
    // The first paths are asked for more often, as everywhere.
    const path = this.#paths[Math.floor(this.#random() ** 2 * this.#paths.length)] ?? "/";
    this.#inFlight += 1;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const request = get(`${this.#front()}${path}`, { agent, signal: limit }, (response) => response.resume());
    request.on("error", () => undefined);
    request.on("close", () => {
      this.#inFlight -= 1;
    });
  }
}
