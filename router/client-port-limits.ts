import type { ClientLimits } from "../http/server/client-limits.ts";
import type { ServerLimits } from "../http/server/http-server.ts";

/** What the settings say of the port for clients. */
export type GivenLimits = Pick<ServerLimits, "fieldsMs" | "connections" | "answererMs" | "answerMs"> &
  ClientLimits;

/** The other limits of the port. */
export const CLIENT_LIMITS: Omit<ServerLimits, "tunnelMs" | keyof GivenLimits> = {
  // A client that takes no byte for this long has gone, or means to hold memory.
  readerMs: 30_000,
  senderMs: 30_000,
  // The finest of the time limits is 1 s.
  checkMs: 500,
};
