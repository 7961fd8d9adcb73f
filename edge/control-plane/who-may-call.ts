import type { ControlFiles } from "../../process/control/control-files.ts";
import type { Tokens } from "../../process/control/tokens.ts";

/** The words of the log and of the start line. */
export const NO_TOKEN_RULE =
  "without EDGECACHE_TOKEN or --control-cert the gRPC control port listens on loopback only";

/** A line for an operator who wonders why calls from other machines fail, or why no call needs a token. */
export function whoMayCall(
  { tokens, control }: { readonly tokens: Tokens; readonly control: ControlFiles | undefined },
  onlyHere: boolean,
): WhoMayCall {
  if (control !== undefined) {
    const orToken = tokens.token === undefined ? "" : ", or the token";
    return { level: "info", text: `gRPC calls need a certificate that callers lists${orToken}` };
  }
  if (tokens.token !== undefined)
    return { level: "info", text: "gRPC calls need the token, except Ping, health and reflection" };
  return { level: onlyHere ? "warn" : "info", text: NO_TOKEN_RULE };
}

export interface WhoMayCall {
  readonly level: "info" | "warn";
  readonly text: string;
}
