import { constants, fstatSync, openSync, writeSync } from "node:fs";
import type { Sink } from "./log-writer.ts";

// POSIX: their descriptors.
const STDOUT = 1;
const STDERR = 2;
// Soon enough that nobody misses a line, seldom enough to cost nothing.
const RETRY_MS = 100;

/** Standard error of this process as a sink that never waits for its reader. */
export function standardError(): Sink {
  return sinkOf(STDERR, process.stderr);
}

/** The same of standard output. */
export function standardOutput(): Sink {
  return sinkOf(STDOUT, process.stdout);
}

function sinkOf(descriptor: number, stream: NodeJS.WritableStream): Sink {
  const stats = fstatSync(descriptor);
  // Node writes to a pipe or a socket what it takes at once, and keeps the rest until it takes more.
  if (stats.isFIFO() || stats.isSocket()) return streamSink(stream);
  return descriptorSink(stats.isCharacterDevice() ? withoutBlocking(descriptor) : descriptor);
}

/** Once its reader has left (EPIPE), a stream loses everything. */
function streamSink(stream: NodeJS.WritableStream): Sink {
  return (bytes, done) => {
    stream.write(bytes, (error) => done(error === null || error === undefined));
  };
}

/** A full disk (ENOSPC) loses these bytes; the next ones may find space again. */
function descriptorSink(descriptor: number): Sink {
  const send = (bytes: Uint8Array, done: (isOut: boolean) => void): void => {
    let rest = bytes;
    try {
      while (rest.byteLength > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      // A terminal that was stopped (Ctrl-S) takes more later.
      if (isAgain(error)) setTimeout(() => send(rest, done), RETRY_MS).unref();
      else done(false);
      return;
    }
    done(true);
  };
  return send;
}

/** The same terminal, opened anew: making the descriptor itself non-blocking would change it for the shell too. */
function withoutBlocking(descriptor: number): number {
  try {
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    return openSync(`/proc/self/fd/${descriptor}`, flags);
  } catch {
    // No Linux, or the terminal belongs to another user: the descriptor as it is may block on a stopped terminal.
    return descriptor;
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
