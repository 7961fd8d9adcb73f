import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { ask } from "../rig/steady-load.ts";
import { MANY_PAGES, somePath } from "./many-pages.ts";

/** How many requests ended so. */
export interface ManyCounts {
  whole: number;
  /** Its answer had begun, and its client saw that it was broken off: an edge was killed. */
  cut: number;
  /** No answer, while its origin failed. */
  excused: number;
  lost: number;
}

export interface ManyReadersOptions {
  /** The router's address for clients. */
  readonly base: string;
  /** Between two requests of one client, in the mean. */
  readonly pauseMs: number;
  /** Whether the origin failed at some time between the two. */
  readonly originFailed: (from: number, to: number) => boolean;
  readonly onLost: (what: string) => void;
  /** An answer that looks whole, with other bytes. */
  readonly onWrong: (what: string) => void;
}

/** Clients that read many pages through the router and compare every byte. */
export class ManyReaders {
  readonly counts: ManyCounts = { whole: 0, cut: 0, excused: 0, lost: 0 };
  readonly #options: ManyReadersOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(options: ManyReadersOptions) {
    this.#options = options;
  }

  start(random: SeededRandom): void {
    this.#running.push(this.#read(random));
  }

  /** Resolves when the last answers have come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #read(random: SeededRandom): Promise<void> {
    const { base, pauseMs } = this.#options;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopping.signal.aborted) {
      const asked = await ask(new URL(base), somePath(random), MANY_PAGES, agent);
      const { ending, detail, servedBy, sentAt, endedAt } = asked;
      const what = `${asked.asked} ${ending}: ${detail.replaceAll("\n", " ")} by ${servedBy ?? "nobody"} after ${Math.round(endedAt - sentAt)} ms`;
      switch (ending) {
        case "whole":
        case "cut":
          this.counts[ending] += 1;
          break;
        case "lost":
          if (this.#options.originFailed(sentAt, endedAt)) this.counts.excused += 1;
          else {
            this.counts.lost += 1;
            this.#options.onLost(what);
          }
          break;
        case "wrong":
          this.#options.onWrong(what);
          break;
      }
      await delay(random.between(0, 2 * pauseMs));
    }
    agent.destroy();
  }
}
