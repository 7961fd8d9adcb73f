import { addressHint, parseAddress } from "../process/address.ts";
import { Failure } from "../process/failure.ts";
import { hintBehind, show } from "../process/settings/values.ts";
import type { EdgeStats, Member, PingResponse, StatsResponse } from "../proto/gen/edgecache/v1/edge.ts";
import { connectEdge, type EdgeClient } from "./client.ts";
import { CALL_MS } from "./deadline.ts";
import { callerProof, type Proof, type ProofValues } from "./proof.ts";

/** How a command reaches the fleet. */
export interface FleetAccess {
  /** The addresses of edges, tried in order. */
  readonly addresses: readonly string[];
  readonly proof: Proof;
}

/** `values` are those of the options. Throws Failure("bad-usage"). */
export function fleetAccess(
  values: ProofValues & { readonly edge?: readonly string[] | undefined },
  env: Readonly<Record<string, string | undefined>>,
): FleetAccess {
  return { addresses: edgeAddresses(values.edge, env.EDGECACHE_EDGE), proof: callerProof(values, env) };
}

/** The first edge that answers. The caller closes its client. */
export interface Contact {
  readonly client: EdgeClient;
  readonly ping: PingResponse;
}

/** An edge as the fleet knows it; `null` where that is unknown. */
export interface FleetEdge extends Omit<Member, "heartbeatAgeMs"> {
  readonly heartbeatAgeMs: number | null;
}

/** One edge and its answer; `undefined` when it gave none. */
export interface Asked<T> {
  readonly edge: FleetEdge;
  /** The address of the call. */
  readonly address: string;
  readonly answer: T | undefined;
}

/** One edge, and its answer or why there is none. */
export type Heard<T> = Asked<T> &
  ({ readonly answer: T } | { readonly answer: undefined; readonly failure: Failure });

// The edges of npm start. Several, because one of them may be stopped.
const DEFAULT_EDGES = "127.0.0.1:50051,127.0.0.1:50052,127.0.0.1:50053";

/**
 * The gRPC addresses to try, in order: those of every `--edge`, which may be a list with commas;
 * else those of the environment; else the edges of npm start. Throws Failure("bad-usage").
 */
export function edgeAddresses(
  given: readonly string[] | undefined,
  environment: string | undefined,
): string[] {
  const named = given ?? [environment === undefined || environment === "" ? DEFAULT_EDGES : environment];
  const source = given === undefined ? "EDGECACHE_EDGE" : "--edge";
  const addresses = named.flatMap((list) => list.split(",")).map((address) => address.trim());
  for (const address of addresses) {
    if (parseAddress(address) === undefined) {
      const rule = "must be host:port, such as 127.0.0.1:50051, or several separated by commas";
      throw new Failure(
        "bad-usage",
        "client",
        `${source}: ${rule}, got ${show(address)}${hintBehind({ hint: addressHint }, address)}`,
      );
    }
  }
  return [...new Set(addresses)];
}

/** The first of `addresses` where an edge answers a Ping. If none does: throws its Failure, or one for all of them. */
export async function reachEdge({ addresses, proof }: FleetAccess): Promise<Contact> {
  const failures: Failure[] = [];
  for (const address of addresses) {
    const client = connectEdge(address, proof);
    try {
      return { client, ping: await client.ping(CALL_MS) };
    } catch (thrown) {
      client.close();
      if (!(thrown instanceof Failure)) throw thrown;
      failures.push(thrown);
    }
  }
  throw nobodyAnswers(addresses, failures);
}

/** The Failure when none of the addresses answers: the only reason, or the first that is not that it is down. */
export function nobodyAnswers(addresses: readonly string[], failures: readonly Failure[]): Failure {
  const [first] = failures;
  const telling = failures.find(({ code }) => code !== "edge-unreachable" && code !== "no-answer");
  if (telling !== undefined) return telling;
  if (addresses.length === 1 && first !== undefined) return first;
  const where = addresses.length === 1 ? addresses[0] : `any of ${addresses.join(", ")}`;
  return new Failure(
    "edge-unreachable",
    "edge",
    `no edge answers at ${where}; name others with --edge or EDGECACHE_EDGE`,
  );
}

/** Every edge of the fleet, sorted by id. Includes the contact even if it is not in the heartbeat table. */
function fleetOf(contact: Contact, known: StatsResponse): FleetEdge[] {
  const { ping, client } = contact;
  const fleet: FleetEdge[] = [...known.members];
  if (!fleet.some((member) => member.edge === ping.edge)) {
    fleet.push({
      edge: ping.edge,
      grpcAddress: client.address,
      httpAddress: `${ping.host}:${ping.httpPort}`,
      position: ping.position,
      heartbeatAgeMs: null,
      bootId: ping.bootId,
      sites: "",
    });
  }
  return fleet.sort((a, b) => (a.edge < b.edge ? -1 : 1));
}

/** A call to one edge. The answer names the edge. */
export type Ask<T extends { readonly edge: string }> = (client: EdgeClient) => Promise<T>;

/**
 * Finds the fleet through the first address that answers and tells the edges, then asks every edge itself. Throws a
 * Failure. `warned` is told when an edge answers and does not tell, and when it cannot say what edges there are now.
 */
export async function askFleet<T extends { readonly edge: string }>(
  access: FleetAccess,
  ask: Ask<T>,
  warned: (problem: string) => void = () => undefined,
): Promise<Heard<T>[]> {
  const { contact, fleet } = await findFleet(access, warned);
  try {
    return await Promise.all(fleet.map((edge) => askOne(contact, edge, access.proof, ask)));
  } finally {
    contact.client.close();
  }
}

/** Asks one edge by its id. Throws a Failure; `unknown` makes it of the ids that there are. */
export async function askNamed<T extends { readonly edge: string }>(
  id: string,
  access: FleetAccess,
  {
    ask,
    unknown,
    warned,
  }: {
    readonly ask: Ask<T>;
    readonly unknown: (known: readonly string[]) => Failure;
    readonly warned: (problem: string) => void;
  },
): Promise<T> {
  const { contact, fleet } = await findFleet(access, warned);
  try {
    const edge = fleet.find((each) => each.edge === id);
    if (edge === undefined) throw unknown(fleet.map((each) => each.edge));
    const heard = await askOne(contact, edge, access.proof, ask);
    if ("failure" in heard) throw heard.failure;
    return heard.answer;
  } finally {
    contact.client.close();
  }
}

/** An edge that takes no token of ours, or hangs after its Ping, is passed over too. */
async function findFleet(
  { addresses, proof }: FleetAccess,
  warned: (problem: string) => void,
): Promise<{ readonly contact: Contact; readonly fleet: readonly FleetEdge[] }> {
  const failures: Failure[] = [];
  const silent: Failure[] = [];
  for (const address of addresses) {
    const client = connectEdge(address, proof);
    // One that is down is passed over without a word: the list of the fleet shows it.
    let reason = silent;
    try {
      const ping = await client.ping(CALL_MS);
      reason = failures;
      const known = await client.stats(CALL_MS);
      for (const { message } of failures) warned(`passed over: ${message}`);
      if (known.membersOutdated !== "")
        warned(`${ping.edge}: ${known.membersOutdated}; the edges are those that it last knew of`);
      const contact = { client, ping };
      return { contact, fleet: fleetOf(contact, known) };
    } catch (thrown) {
      client.close();
      if (!(thrown instanceof Failure)) throw thrown;
      reason.push(thrown);
    }
  }
  throw nobodyAnswers(addresses, [...failures, ...silent]);
}

async function askOne<T extends { readonly edge: string }>(
  contact: Contact,
  edge: FleetEdge,
  proof: Proof,
  ask: Ask<T>,
): Promise<Heard<T>> {
  // Call the contact at the address that worked: its address in the table may be for another network.
  const address = edge.edge === contact.ping.edge ? contact.client.address : edge.grpcAddress;
  const failed = (failure: Failure): Heard<T> => ({ edge, address, answer: undefined, failure });
  if (parseAddress(address) === undefined) {
    const rule = `the address that it gives to the fleet must be host:port, got ${show(address)}`;
    return failed(new Failure("edge-unreachable", "edge", rule));
  }
  const client = connectEdge(address, proof);
  try {
    const answer = await ask(client);
    if (answer.edge === edge.edge) return { edge, address, answer };
    return failed(takenAddress(address, answer.edge));
  } catch (thrown) {
    if (thrown instanceof Failure) return failed(thrown);
    throw thrown;
  } finally {
    client.close();
  }
}

/** Another edge may now have the address of one that is gone. */
export function takenAddress(address: string, by: string): Failure {
  return new Failure("edge-unreachable", "edge", `${address} is now the address of ${by}`);
}

/** An edge's own counters. Throws a Failure. */
export async function countersOf(client: EdgeClient): Promise<EdgeStats> {
  const { stats } = await client.stats(CALL_MS);
  if (stats !== undefined) return stats;
  throw new Failure("call-failed", "edge", `${client.address} answered without counters`);
}
