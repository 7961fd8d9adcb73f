import { isLoopback } from "../../../process/address.ts";
import type { Tokens } from "../../../process/control/tokens.ts";
import { setting } from "../../../process/settings/program.ts";
import { flag } from "../../../process/settings/values.ts";

/** The settings of edges that ask each other. */
export const peerSettings = {
  peers: setting({
    type: flag,
    default: false,
    help: "Asks the edge of the fleet that a path belongs to before the origin, and answers the others. Every edge needs it, and the same token, unless --host is loopback.",
  }),
};

interface PeerValues {
  readonly peers: boolean;
  readonly host: string;
  readonly tokens: Tokens;
}

/** Without a token anybody who reaches the port could say that an edge asks. */
export function peerProblems({ peers, host, tokens }: PeerValues): string[] {
  if (!peers || tokens.token !== undefined || isLoopback(host)) return [];
  return [
    `--peers: must be given with a token (--token-file or EDGECACHE_TOKEN) unless --host is loopback, got no token and --host "${host}"`,
  ];
}
