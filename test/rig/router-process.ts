import { setTimeout as delay } from "node:timers/promises";
import { NodeProgram } from "./node-program.ts";

/** The columns of the router's /edges.json that scenarios read. */
export interface SeenEdge {
  readonly edge: string | null;
  readonly state: string;
  readonly share: number;
  readonly loaded: boolean;
}

/** Whether the router takes this edge for one that should get traffic. */
export function isServing(edges: readonly SeenEdge[], id: string): boolean {
  return edges.some(({ edge, state }) => edge === id && state === "serving");
}

// How long after the event itself a look may come; each look is an HTTP request.
const LOOK_EVERY_MS = 10;

// No bound of the router: far above every one of them, on the busiest machine. It makes a test fail instead of hang.
const PATIENCE_MS = 20_000;

const LISTENS = /"host":"([^"]+)","port":(\d+),"adminPort":(\d+).*"router listening"/;

/** `node router/main.ts` as a process of its own, on free ports. */
export class RouterProcess {
  /** http://host:port of its port for clients. */
  readonly base: string;
  /** http://host:port of its operator pages. */
  readonly admin: string;
  readonly #program: NodeProgram;
  /** Called when it ends though nobody ended it, with what it said last. */
  onCrash: (said: string) => void = () => undefined;

  private constructor(program: NodeProgram, base: string, admin: string) {
    this.#program = program;
    program.onCrash = (said) => this.onCrash(said);
    this.base = base;
    this.admin = admin;
  }

  /** `flags` says at least where the edges are. `checkout`: the one that it is of, if it is another. */
  static async start(flags: readonly string[], checkout?: string): Promise<RouterProcess> {
    const { program, match } = await NodeProgram.start({
      name: "router",
      command: ["router/main.ts", "--port", "0", "--admin-port", "0", "--log-level", "info", ...flags],
      ready: LISTENS,
      checkout,
    });
    const [, host, port, adminPort] = match;
    return new RouterProcess(program, `http://${host}:${port}`, `http://${host}:${adminPort}`);
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** SIGHUP: it reads its settings again. */
  hangUp(): void {
    process.kill(this.pid, "SIGHUP");
  }

  /** As /edges.json tells them now. */
  async edges(): Promise<readonly SeenEdge[]> {
    const response = await fetch(`${this.admin}/edges.json`);
    // Ours: the fields are those of the router's EdgeRow.
    return (await response.json()) as readonly SeenEdge[];
  }

  /** As Prometheus reads them now. */
  async metrics(): Promise<string> {
    return await (await fetch(`${this.admin}/metrics`)).text();
  }

  /** Looks until the edges are as `wanted`. Throws their last state when they never are. */
  async until(what: string, wanted: (edges: readonly SeenEdge[]) => boolean): Promise<void> {
    const began = performance.now();
    for (;;) {
      const edges = await this.edges();
      if (wanted(edges)) return;
      if (performance.now() - began > PATIENCE_MS) {
        const states = edges.map(({ edge, state, share }) => `${edge} ${state}, share ${share}`).join("; ");
        throw new Error(`waited ${PATIENCE_MS} ms until ${what}, and the edges were still: ${states}`);
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Looks until the router sends every request to this edge. Returns whether it saw load at any edge meanwhile. */
  async settlesOn(id: string): Promise<{ readonly sawLoad: boolean }> {
    let sawLoad = false;
    await this.until(`every request goes to ${id}`, (edges) => {
      sawLoad ||= edges.some(({ loaded }) => loaded);
      // Shares are sums of fractions.
      return edges.some(({ edge, share }) => edge === id && share > 0.999);
    });
    return { sawLoad };
  }

  async close(): Promise<void> {
    await this.#program.end("SIGKILL");
  }
}
