import { setTimeout as delay } from "node:timers/promises";
import { NodeProgram } from "./node-program.ts";

/** What a scenario looks at in a row of the router's /edges.json. */
export interface SeenEdge {
  readonly edge: string | null;
  readonly state: string;
}

/** Whether the router takes this edge for one that should get traffic. */
export function isServing(edges: readonly SeenEdge[], id: string): boolean {
  return edges.some(({ edge, state }) => edge === id && state === "serving");
}

// How long after the event itself a look may come; each look is an HTTP request.
const LOOK_EVERY_MS = 10;

const LISTENS = /"host":"([^"]+)","port":(\d+),"adminPort":(\d+).*"router listening"/;

/** `node router/main.ts` as a process of its own, on free ports. */
export class RouterProcess {
  /** http://host:port of its port for clients. */
  readonly base: string;
  readonly #admin: string;
  readonly #program: NodeProgram;

  private constructor(program: NodeProgram, base: string, admin: string) {
    this.#program = program;
    this.base = base;
    this.#admin = admin;
  }

  /** `flags` says at least where the edges are. */
  static async start(flags: readonly string[]): Promise<RouterProcess> {
    const { program, match } = await NodeProgram.start({
      name: "router",
      command: ["router/main.ts", "--port", "0", "--admin-port", "0", "--log-level", "info", ...flags],
      ready: LISTENS,
    });
    const [, host, port, adminPort] = match;
    return new RouterProcess(program, `http://${host}:${port}`, `http://${host}:${adminPort}`);
  }

  /** As /edges.json tells them now. */
  async edges(): Promise<readonly SeenEdge[]> {
    const response = await fetch(`${this.#admin}/edges.json`);
    // Ours: the fields are those of the router's EdgeRow.
    return (await response.json()) as readonly SeenEdge[];
  }

  /** Looks until the edges are `wanted`; resolves with the milliseconds that it took. Throws what they were at last. */
  async until(wanted: (edges: readonly SeenEdge[]) => boolean, withinMs: number): Promise<number> {
    const began = performance.now();
    for (;;) {
      const edges = await this.edges();
      const ms = performance.now() - began;
      if (wanted(edges)) return ms;
      if (ms > withinMs) {
        const states = edges.map(({ edge, state }) => `${edge} ${state}`).join(", ");
        throw new Error(`after ${Math.round(ms)} ms the edges were still: ${states}`);
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.#program.end("SIGKILL");
  }
}
