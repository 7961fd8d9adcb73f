import { parseAddress } from "../process/address.ts";

/** What is known of one edge before its turn. */
export interface RollEdge {
  readonly edge: string;
  /** host:port of its data port, as it tells the fleet. */
  readonly httpAddress: string;
  /** As it says itself; "unreachable" when it does not answer. */
  readonly state: string;
  readonly version: string;
}

/** What is done with an edge at its turn. */
export type Turn =
  | { readonly kind: "restart"; readonly command: readonly string[] }
  /** It runs the wanted version. */
  | { readonly kind: "skip" }
  /** Nothing is restarted any more. */
  | { readonly kind: "stop"; readonly why: string };

export interface RollRules {
  /** The command with its arguments, in which {edge} and {host} stand for those of each edge. */
  readonly command: readonly string[];
  /** The version that all are to run; undefined: each is restarted. */
  readonly to: string | undefined;
}

// The command may be a line for a shell, here or at the host: nothing in a name may mean something there.
const PLAIN = /^[A-Za-z0-9._:-]+$/;

/** `fleet`: all edges as they are now, this one included. */
export function turnOf(edge: RollEdge, fleet: readonly RollEdge[], { command, to }: RollRules): Turn {
  if (to !== undefined && edge.version === to && edge.state === "serving") return { kind: "skip" };
  const missing = fleet.find((other) => other.edge !== edge.edge && other.state !== "serving");
  if (missing !== undefined) {
    const why = `${missing.edge} is ${missing.state}: while it does not serve, no other edge is restarted`;
    return { kind: "stop", why };
  }
  const host = parseAddress(edge.httpAddress)?.host ?? "";
  const odd = [edge.edge, host].find((name) => !PLAIN.test(name));
  if (odd !== undefined) {
    return { kind: "stop", why: `a name in a command has only letters, digits and ._:-, got ${odd}` };
  }
  const filled = command.map((word) => word.replaceAll("{edge}", edge.edge).replaceAll("{host}", host));
  return { kind: "restart", command: filled };
}
