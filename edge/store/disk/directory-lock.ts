import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../../process/failure.ts";

/** A directory that is this edge's alone. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Throws a Failure while another edge has the directory, under whatever name. Node cannot lock files. So the lock is a
 * socket with the name of the directory's inode: the system takes it from a process that dies.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const { dev, ino } = await stat(path, { bigint: true });
  const name = `edgecache-disk-${dev}-${ino}`;
  const server = createServer((socket) => socket.destroy());
  try {
    // On Linux a name that begins with NUL is no file, so nothing is left of it.
    await listening(server, process.platform === "linux" ? `\0${name}` : join(tmpdir(), name));
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE")) throw thrown;
    const rule = "must be a directory that no other edge uses";
    throw new Failure("bad-config", "config", `--disk: ${rule}, got "${path}"`);
  }
  // It holds nobody's exit up.
  server.unref();
  return {
    release: async () => {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function listening(server: Server, path: string): Promise<void> {
  const begun = once(server, "listening");
  server.listen(path);
  await begun;
}
