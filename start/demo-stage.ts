import { spawn } from "node:child_process";
import { get } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Clock } from "../process/clock.ts";
import { hostPort } from "../process/listen.ts";
import type { DemoAnswer } from "./demo-answer.ts";
import type { System } from "./system.ts";

// The program stands beside this one, and is started, not imported.
const ADMIN_CLI = join(import.meta.dirname, "..", "admin-cli", "main.ts");

// Everything in the demo takes a second or two; this is for a machine that is busy with other work.
const PATIENCE_MS = 30_000;
// How often the router's view is read while it is still measuring.
const LOOK_EVERY_MS = 20;

/** The stage of the story: the real system, as a client and an operator see it. */
export interface DemoStage {
  /** The router's base URL, without a trailing slash. */
  readonly front: string;
  /** The gRPC address of one edge. */
  readonly control: string;
  fetch(url: string): Promise<DemoAnswer>;
  /** The real admin CLI, with its output and exit code. */
  adminCli(...argv: string[]): Promise<{ readonly output: string; readonly code: number | null }>;
  /** The ids of the serving edges, nearest first, once the router knows `count` of them by their distance. */
  nearestFirst(count: number): Promise<string[]>;
  /** Resolves when the router sends every request to this edge. */
  settledOn(id: string): Promise<void>;
  stopEdge(id: string): Promise<void>;
}

/** The edges of `system` stand in the order of their simulated latencies. */
export function demoStage(system: System, clock: Clock): DemoStage {
  const front = `http://${hostPort(system.router.http.host, system.router.http.port)}`;
  const edgesPage = `http://${hostPort(system.router.admin.host, system.router.admin.port)}/edges.json`;
  const byDistance = system.edges.map(({ id }) => id);
  const [control = ""] = system.edges.map(({ grpc }) => hostPort(grpc.host, grpc.port));
  /** Looks at the router's view of the edges until `view` finds something in it. */
  const seen = async <T>(view: (page: unknown) => T | undefined): Promise<T> => {
    const giveUp = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = view(JSON.parse((await fetchOnce(edgesPage)).body));
      if (found !== undefined) return found;
      await clock.wait(LOOK_EVERY_MS, giveUp);
    }
  };
  return {
    front,
    control,
    fetch: fetchOnce,
    adminCli: (...argv) => runAdminCli(argv),
    nearestFirst: (count) =>
      seen((page) => {
        const measured = measuredEdges(page);
        // The first round trips also measure how this process starts.
        const isByDistance =
          measured.length === count && measured.every((id, place) => id === byDistance[place]);
        return isByDistance ? measured : undefined;
      }),
    settledOn: async (id) => {
      await seen((page) => (hasAllRequests(page, id) ? id : undefined));
    },
    stopEdge: async (id) => {
      await system.edges.find((edge) => edge.id === id)?.stop();
    },
  };
}

/** One request on a connection of its own, so that none is left open when the system stops. */
async function fetchOnce(url: string): Promise<DemoAnswer & { readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
      const field = (name: string): string | undefined => {
        const value = response.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : value;
      };
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, field, body }), reject);
    });
    request.on("error", reject);
  });
}

async function runAdminCli(argv: readonly string[]) {
  // Not spawnSync: the edges that it calls live in this process.
  const child = spawn(process.execPath, [ADMIN_CLI, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: out + err };
}

const EDGES_PAGE = z.array(
  z.object({
    edge: z.string().nullable(),
    state: z.string(),
    rttMs: z.number().nullable(),
    share: z.number(),
  }),
);

// Shares are sums of fractions.
const WHOLE_SHARE = 0.999;

/** Whether the router's /edges.json says that every request goes to this edge. */
function hasAllRequests(page: unknown, id: string): boolean {
  return EDGES_PAGE.parse(page).some(({ edge, share }) => edge === id && share >= WHOLE_SHARE);
}

/** The ids in the router's /edges.json that serve and have a round-trip time, nearest first. */
export function measuredEdges(page: unknown): string[] {
  const serving: { id: string; rttMs: number }[] = [];
  for (const { edge, state, rttMs } of EDGES_PAGE.parse(page)) {
    if (edge !== null && state === "serving" && rttMs !== null) serving.push({ id: edge, rttMs });
  }
  return serving.sort((a, b) => a.rttMs - b.rttMs).map(({ id }) => id);
}
