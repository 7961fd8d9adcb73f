import { Failure } from "../../../process/failure.ts";
import type { PurgeReceipt, PurgeRequest, PurgeResponse } from "../../../proto/gen/edgecache/v1/edge.ts";
import { connectEdge, protoDuration } from "../../client.ts";
import { CALL_MS } from "../../deadline.ts";
import { type FleetAccess, nobodyAnswers } from "../../fleet.ts";
import { followReceipts } from "./follow-receipts.ts";

// What a call may take beyond the wait: the round trip and the append to the log.
const MARGIN_MS = 2000;

/** How to send purges. */
export interface Sending extends FleetAccess {
  /** How long to wait for the receipts of the last purge. */
  readonly waitMs: number;
  /** Called after each answer: how many of how many. */
  readonly onProgress: (done: number, all: number) => void;
  /** Called with the receipts so far, while a call waits for the others; undefined: nobody looks. */
  readonly onReceipts?: ((receipts: readonly PurgeReceipt[]) => void) | undefined;
}

/** The outcome of the calls that make up one purge. */
export interface Sent {
  readonly answer: PurgeResponse;
  /** The number of answered calls. The series ends at a call that the purge log does not accept. */
  readonly calls: number;
}

/**
 * Sends the requests one after the other; `purgeId` is the id of them all. The log keeps this order, so an edge that
 * has applied the last one has applied all. So after one late receipt, only the last call waits. Throws a Failure when
 * no edge can have received a request, or when an edge refused it.
 */
export async function sendPurges(
  purgeId: string,
  requests: readonly PurgeRequest[],
  sending: Sending,
): Promise<Sent> {
  const answers: PurgeResponse[] = [];
  let late = false;
  for (const [index, request] of requests.entries()) {
    const waitMs = late && index < requests.length - 1 ? 0 : sending.waitMs;
    const wait = protoDuration(waitMs);
    const answer = await sendPurge({ ...request, wait }, sending, waitMs + MARGIN_MS);
    answers.push(answer);
    sending.onProgress(answers.length, requests.length);
    if (answer.outcome === "pending") late = true;
    else if (answer.outcome !== "applied") break;
  }
  return { answer: merged(purgeId, answers), calls: answers.length };
}

/** Position, outcome and states of the last purge, with the objects of all. */
function merged(purgeId: string, answers: readonly PurgeResponse[]): PurgeResponse {
  const objects = new Map<string, number>();
  for (const { edges } of answers) {
    for (const receipt of edges) {
      objects.set(receipt.edge, (objects.get(receipt.edge) ?? 0) + receipt.objects);
    }
  }
  const last = answers.at(-1) ?? unknownAnswer(purgeId, "nothing was sent");
  const sum = (receipt: PurgeReceipt) => ({ ...receipt, objects: objects.get(receipt.edge) ?? 0 });
  return { ...last, purgeId, edges: last.edges.map(sum) };
}

/**
 * Sends the purge to the first edge that accepts it. After a failure it tries the next edge, because the id makes a
 * second call safe.
 */
async function sendPurge(
  request: PurgeRequest,
  { addresses, proof, onReceipts }: Sending,
  ms: number,
): Promise<PurgeResponse> {
  const unreachable: Failure[] = [];
  let unsure: Failure | undefined;
  for (const address of addresses) {
    const client = connectEdge(address, proof);
    let called = false;
    try {
      // If this call fails, nothing was purged.
      await client.ping(CALL_MS);
      called = true;
      const call = client.purge(request, ms);
      return await (onReceipts === undefined
        ? call
        : followReceipts(client, request.purgeId, call, onReceipts));
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code === "refused") throw thrown;
      if (called) unsure = thrown;
      else unreachable.push(thrown);
    } finally {
      client.close();
    }
  }
  if (unsure !== undefined) return unknownAnswer(request.purgeId, unsure.message);
  throw nobodyAnswers(addresses, unreachable);
}

function unknownAnswer(purgeId: string, detail: string): PurgeResponse {
  return { purgeId, position: "", outcome: "unknown", edges: [], detail };
}
