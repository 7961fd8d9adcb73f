import type { ClientLimits } from "../../http/server/client-limits.ts";
import type { ServerLimits } from "../../http/server/http-server.ts";

// An idle one takes 6 KiB, or 48 KiB with TLS. So they take 280 MiB at most, of which two thirds fit into what an edge
// with the usual --memory promises to take (edge/cache/memory-watch.ts), when its store gives way. They are far below the
// usual hard limit on file descriptors (524,288), to which node raises its own.
const MOST_CONNECTIONS = 6_000;

/** Of a data port, beside the limits that are settings. */
export const CLIENT_LIMITS: Omit<ServerLimits, "tunnelMs" | keyof ClientLimits> = {
  fieldsMs: 10_000,
  // The origin's deadlines are kept where it is asked.
  answererMs: Number.POSITIVE_INFINITY,
  answerMs: Number.POSITIVE_INFINITY,
  // A client that takes nothing for this long holds memory that others need.
  readerMs: 30_000,
  senderMs: 30_000,
  checkMs: 1_000,
  connections: MOST_CONNECTIONS,
};
