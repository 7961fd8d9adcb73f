import { systemClock } from "../../process/clock.ts";
import { EdgeCalls } from "../../router/dashboard/edge-calls.ts";
import { EdgeLink } from "../../router/dashboard/edge-link.ts";

/** What a router asks of an edge while somebody looks at its dashboard. It connects as soon as the edge is there. */
export class EdgeWatcher {
  readonly #link: EdgeLink;
  readonly #tables: NodeJS.Timeout;

  constructor(grpcPort: number) {
    const tokens = { token: undefined, readToken: undefined };
    const calls = new EdgeCalls(`127.0.0.1:${grpcPort}`, { clock: systemClock, identity: undefined, tokens });
    const nothing = (): void => undefined;
    this.#link = new EdgeLink(calls, { clock: systemClock, requests: nothing, lost: nothing });
    // As the page does: four tables every 5 s.
    this.#tables = setInterval(() => {
      for (const order of ["requests", "bytes", "slowest", "misses"])
        void calls.top(order, 20).catch(nothing);
    }, 5_000);
  }

  stop(): void {
    clearInterval(this.#tables);
    this.#link.stop();
  }
}
