import { figuresOf } from "./process-figures.ts";
import type { SoakFleet } from "./soak-fleet.ts";
import type { ProgramLine } from "./soak-text.ts";
import type { Sample } from "./verdict.ts";

/** What the edges and the router of a fleet take of the machine, look by look. */
export class Programs {
  readonly samples: Sample[] = [];
  readonly #fleet: SoakFleet;
  /** How many operations stop it now. */
  readonly #disturbed = new Map<string, number>();
  /** Their event loops have stood still since the last look. */
  readonly #unsteady = new Set<string>();
  /** Since the last lines were taken. */
  readonly #lines = new Map<string, ProgramLine>();

  constructor(fleet: SoakFleet) {
    this.#fleet = fleet;
  }

  /** From now on these are stopped or started by others, until the function that is returned is called. */
  disturb(programs: readonly string[]): () => void {
    const add = (by: number) => {
      for (const program of programs) {
        this.#unsteady.add(program);
        this.#disturbed.set(program, (this.#disturbed.get(program) ?? 0) + by);
      }
    };
    add(1);
    return () => add(-1);
  }

  /** `at`: milliseconds since the run began. */
  async look(at: number): Promise<void> {
    const { system, router } = this.#fleet;
    const edges = system.edges.filter(({ runs }) => runs);
    const programs = [
      ...edges.map(({ id, pid, adminPort }) => ({ id, pid, admin: `http://127.0.0.1:${adminPort}` })),
      { id: "router", pid: router.pid, admin: router.admin },
    ];
    await Promise.all(
      programs.map(async ({ id, pid, admin }) => {
        const steady = !this.#unsteady.has(id);
        const figures = await figuresOf(pid, new URL("/metrics", admin));
        if (figures === undefined) return;
        const { residentBytes, descriptors, loopDelayMs } = figures;
        if (loopDelayMs !== undefined && (this.#disturbed.get(id) ?? 0) === 0) this.#unsteady.delete(id);
        this.samples.push({ program: id, pid, at, residentBytes, descriptors });
        const line = this.#lines.get(id);
        this.#lines.set(id, {
          program: id,
          residentBytes,
          descriptors: Math.max(descriptors, line?.descriptors ?? 0),
          loopDelayMs: steady ? longer(loopDelayMs, line?.loopDelayMs) : line?.loopDelayMs,
        });
      }),
    );
  }

  /** Of each program since the last time. */
  takeLines(): readonly ProgramLine[] {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    return lines;
  }
}

function longer(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
