import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

// Each takes so much and pauses: enough to be no dead connection.
const TAKEN = 300_000;
const PAUSE_MS = 2_000;

/** A client that asks and then takes its answer slowly. `sent`: requests, each whole. */
export async function slowReader(port: number, sent: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  // An edge may cut it.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.pause();
  socket.write(sent, "latin1");
  return socket;
}

/** Lets each of them take some, then pause, for a while. */
export async function readSlowly(sockets: readonly Socket[], forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    for (const socket of sockets) {
      for (let taken = 0; taken < TAKEN; ) {
        const chunk: unknown = socket.read();
        if (!(chunk instanceof Buffer)) break;
        taken += chunk.length;
      }
    }
    await wait(PAUSE_MS);
  }
}
