// The thread that encodes bodies, one at a time.
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { type EncodingJob, encode } from "./encode.ts";

// On Linux a thread has a priority of its own. Serving goes first: encoding uses what is left of the processors.
const LOWEST = 19;
if (process.platform === "linux") setPriority(LOWEST);

parentPort?.on("message", (job: EncodingJob) => {
  const encoded = new Uint8Array(encode(job));
  parentPort?.postMessage(encoded, [encoded.buffer]);
});
