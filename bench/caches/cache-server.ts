import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/rig/free-port.ts";
import { ChildProgram } from "../child-program.ts";
import { configure, type Values } from "./configuration.ts";

/** The circumstances in which a cache is measured. */
export interface Setting {
  readonly originPort: number;
  /** As taskset names them; undefined: it may use all. */
  readonly cores: string | undefined;
  /** That serve clients: workers, threads or processes, as the cache has them. */
  readonly threads: number;
  /** Of the purge log, for ours. */
  readonly redis: string | undefined;
}

/** A cache in front of the origin. */
export interface CacheServer {
  readonly name: string;
  readonly port: number;
  /** undefined: it has no TLS. */
  readonly tlsPort: number | undefined;
  /** Of all its processes so far. */
  processorSeconds(): number;
  /** undefined: it knows no purge. */
  readonly purge: ((path: string) => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/** The ports and the folder that a cache has got. */
export interface Place {
  readonly port: number;
  readonly tlsPort: number;
  readonly folder: string;
}

/** How to start a cache. */
export interface Startable {
  readonly name: string;
  /** Its folder in configurations/. */
  readonly configuration?: string;
  readonly values?: Values;
  readonly tls: boolean;
  readonly command: (place: Place) => readonly string[];
  readonly purge?: (port: number) => (path: string) => Promise<void>;
  /** Ends what the purges opened. */
  readonly close?: () => void;
}

export async function startServer(startable: Startable, { cores }: Setting): Promise<CacheServer> {
  const { name, configuration, values = {}, tls, command, purge, close } = startable;
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const [port, tlsPort] = [await freePort(), await freePort()];
  if (configuration !== undefined) {
    configure(configuration, folder, { ...values, folder, port, "tls-port": tlsPort });
  }
  const program = await ChildProgram.start(name, command({ port, tlsPort, folder }), port, cores);
  return {
    name,
    port,
    tlsPort: tls ? tlsPort : undefined,
    processorSeconds: () => program.processorSeconds(),
    purge: purge?.(port),
    stop: async () => {
      close?.();
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
