import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/rig/free-port.ts";
import { ChildProgram } from "../child-program.ts";
import { longestTurnOf } from "../longest-turn.ts";
import { DISK_SIZE, EDGE, fillDirectory, openTier } from "./filled-directory.ts";

export interface StartFigures {
  readonly objects: number;
  /** From the start of the process until it accepts connections. */
  readonly acceptsMs: number;
  /** The same without a disk. */
  readonly withoutMs: number;
  /** Processor time of the longest turn while the directory is read. */
  readonly longestTurnMs: number;
  /** Of memory, an object. */
  readonly indexBytes: number;
  /** Bytes of all files for each byte of the responses. */
  readonly amplification: number;
}

/** Starts an edge on a directory with so many responses. */
export async function measureStart(objects: number, bodyBytes: number): Promise<StartFigures> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  try {
    const { amplification } = await fillDirectory(folder, objects, bodyBytes);
    let indexBytes = 0;
    const longestTurnMs = await longestTurnOf(async () => {
      const tier = await openTier(folder);
      const { counts } = tier;
      if (counts.objects !== objects) throw new Error(`${counts.objects} of ${objects} are there`);
      indexBytes = counts.indexBytes / objects;
      await tier.close();
    });
    const acceptsMs = await startMs(["--disk", folder, "--disk-size", String(DISK_SIZE)]);
    const withoutMs = await startMs([]);
    return { objects, acceptsMs, withoutMs, longestTurnMs, indexBytes, amplification };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function startMs(flags: readonly string[]): Promise<number> {
  const [port, grpc, admin] = [await freePort(), await freePort(), await freePort()];
  const ports = ["--port", port, "--grpc-port", grpc, "--admin-port", admin].map(String);
  const about = ["--id", EDGE, "--origin", "http://127.0.0.1:9", "--log-level", "error", "--drain", "0"];
  const startedAt = performance.now();
  const edge = await ChildProgram.start(
    EDGE,
    [process.execPath, "edge/main.ts", ...ports, ...about, ...flags],
    port,
  );
  const ms = performance.now() - startedAt;
  await edge.stop();
  return ms;
}
