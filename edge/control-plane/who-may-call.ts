/** The words of the log and of the start line. */
export const NO_TOKEN_RULE = "without EDGECACHE_TOKEN the gRPC control port listens on loopback only";

/** A line for an operator who wonders why calls from other machines fail, or why no call needs a token. */
export function whoMayCall(tokenIsSet: boolean, onlyHere: boolean): WhoMayCall {
  if (tokenIsSet)
    return {
      level: "info",
      text: "gRPC calls need the token, except Ping, health and reflection",
    };
  return { level: onlyHere ? "warn" : "info", text: NO_TOKEN_RULE };
}

export interface WhoMayCall {
  readonly level: "info" | "warn";
  readonly text: string;
}
