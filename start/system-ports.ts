import { createServer } from "node:net";
import { listen } from "../process/listen.ts";

/** The three ports of one edge. */
export interface EdgePorts {
  readonly port: number;
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** All ports of the one-command system. */
export interface SystemPorts {
  readonly router: number;
  readonly routerTls: number;
  readonly routerAdmin: number;
  readonly edges: readonly EdgePorts[];
}

const EDGES = [1, 2, 3] as const;

/** Those that the documentation names. */
export const USUAL_PORTS: SystemPorts = {
  router: 8080,
  routerTls: 8443,
  routerAdmin: 8090,
  edges: EDGES.map((n) => ({ port: 8080 + n, grpcPort: 50_050 + n, adminPort: 9080 + n })),
};

const LAST_OFFSET = 20 + EDGES.length;
// Ports below are for programs with special rights.
export const LOWEST_BASE = 1024;
export const HIGHEST_BASE = 65_535 - LAST_OFFSET;

/** All of them near one number, with the last digits that the usual ones have. */
export function portsFrom(base: number): SystemPorts {
  return {
    router: base,
    routerTls: base + 4,
    routerAdmin: base + 10,
    edges: EDGES.map((n) => ({ port: base + n, grpcPort: base + 10 + n, adminPort: base + 20 + n })),
  };
}

export function allPorts({ router, routerTls, routerAdmin, edges }: SystemPorts): readonly number[] {
  return [router, routerTls, routerAdmin, ...edges.flatMap((edge) => Object.values(edge))];
}

// Easy to remember, and mostly free. Linux gives the ports of outgoing connections from 32768 up.
const OFFERED = [18_080, 28_080, 8180, 8280, 8380, 8480];

/** The first of some bases whose ports are all free at this moment; undefined: none of them. */
export async function freeBase(
  host: string,
  bases: readonly number[] = OFFERED,
  isFree = canListen,
): Promise<number | undefined> {
  for (const base of bases) {
    const free = await Promise.all(allPorts(portsFrom(base)).map((port) => isFree(host, port)));
    if (free.every(Boolean)) return base;
  }
  return undefined;
}

function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return listen(server, host, port, "a port that is tried").then(
    () => new Promise((resolve) => void server.close(() => resolve(true))),
    () => false,
  );
}
