import { Session } from "node:inspector/promises";
import type { Worker } from "node:worker_threads";

// Runs in the thread, whatever it is doing between two turns of its event loop.
const hang = (channel: string): string => `
  const { BroadcastChannel, receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
  const channel = new BroadcastChannel(${JSON.stringify(channel)});
  channel.postMessage("hangs");
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (receiveMessageOnPort(channel) === undefined) Atomics.wait(nothing, 0, 0, 5);
  channel.close();
`;

/** Holds a thread as a loop without end would, by the protocol of debuggers. Resolves with what lets it go on. */
export async function hangThread({ threadId }: Worker): Promise<() => void> {
  const name = `thread ${threadId}`;
  const channel = new BroadcastChannel(name);
  const session = new Session();
  session.connect();
  try {
    const hangs = Promise.withResolvers<void>();
    channel.onmessage = () => hangs.resolve();
    session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
      if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      const evaluate = { id: 1, method: "Runtime.evaluate", params: { expression: `{${hang(name)}}` } };
      session
        .post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify(evaluate) })
        .catch(hangs.reject);
    });
    await session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    await hangs.promise;
    return () => channel.postMessage("go on");
  } finally {
    session.disconnect();
    channel.unref?.();
  }
}
