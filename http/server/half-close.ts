import type { Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";
import type { Exchange } from "./exchange.ts";
import { TunnelBody } from "./tunnel-body.ts";

// Longer than most answers take. A client that has really left shows it at the first write.
const SILENT_MS = 10_000;

/**
 * A client that sends no more either waits for its answer or has left. Only a write tells which, so a client to which
 * nothing is written for some time is held to have left. As long as a write is under way, the client is one that reads
 * slowly, and the time limit for those applies.
 */
export class HalfClose {
  #since: number;
  #written: number;

  /** `written`: the bytes written to the client so far. */
  constructor(written: number, now: number) {
    this.#written = written;
    this.#since = now;
  }

  hasLeft(
    { bytesWritten, writableLength }: Pick<Socket, "bytesWritten" | "writableLength">,
    now: number,
  ): boolean {
    if (writableLength === 0 && bytesWritten === this.#written) return now - this.#since > SILENT_MS;
    this.#written = bytesWritten;
    this.#since = now;
    return false;
  }
}

// Few clients close their sending half in the middle of an answer and stay, and those want its bytes soon.
const SILENT_STREAM_MS = 300;

/**
 * Closes the connection when the answer that has begun says nothing for a moment, as a stream of events does. It may be
 * silent for hours, so waiting for a write would keep it open for a client that has left.
 */
async function closeIfSilent(
  socket: Socket,
  clock: Pick<Clock, "wait">,
  isStillAnswered: () => boolean,
): Promise<void> {
  const { bytesWritten } = socket;
  await clock.wait(SILENT_STREAM_MS);
  const isSilent = socket.bytesWritten === bytesWritten && socket.writableLength === 0;
  if (isSilent && isStillAnswered()) socket.destroy();
}

/** The client has ended its sending half while an exchange is under way. */
export function noteEnd(
  exchange: Pick<Exchange, "answerer" | "begun" | "body" | "switched" | "tunnel">,
  socket: Socket,
  clock: Pick<Clock, "wait">,
  isStillAnswered: () => boolean,
): void {
  const { answerer, begun, body, switched, tunnel } = exchange;
  // A tunnel in which it can say nothing is of no use to it.
  if (tunnel !== undefined && !begun) socket.destroy();
  if (body instanceof TunnelBody) body.end();
  // The answerer may wait for a body that will never be whole.
  if (body !== undefined) answerer?.moreBody();
  // A side of a tunnel may end long before the other.
  if (begun && !switched) void closeIfSilent(socket, clock, isStillAnswered);
}
