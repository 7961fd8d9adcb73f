import { Fields } from "../../../http/message/fields.ts";
import { comparePositions } from "../../../purge-log/position.ts";
import { cancelContent, type Served } from "../answer.ts";
import type { CacheContext } from "../context.ts";
import { errorAnswer } from "../error-answer.ts";
import type { FillRequest } from "../fill-request.ts";
import {
  askIn,
  type LogPlace,
  MARK,
  markField,
  PEER,
  type PeerAsk,
  type PeerRefusal,
} from "./peer-fields.ts";

// A purge is on its way for milliseconds. An edge that needs longer is behind: the asker goes to the origin.
const WAIT_MS = 250;

/** What another edge asks with this request; undefined: a client asks, or this edge does not take part. */
export function askedByPeer(
  { fields, method, target }: Pick<FillRequest, "fields" | "method" | "target">,
  { peers, tokens }: Pick<CacheContext, "peers" | "tokens">,
): PeerAsk | undefined {
  const field = peers === undefined ? undefined : fields.get(PEER);
  return field === undefined ? undefined : askIn(field, { method, target }, tokens?.token);
}

/**
 * Rule E11: answers another edge from the cache only with the lease, and only when every purge that the asker has applied
 * is applied here too. What is looked up or fetched after that takes account of them all, and so does what the asker
 * stores of it under its own mark.
 */
export async function answerPeer<R extends FillRequest>(
  asked: R,
  ask: PeerAsk,
  edge: CacheContext,
  serve: (request: R) => Promise<Served>,
): Promise<Served> {
  const place = await placeFor(ask, edge);
  if (typeof place === "string") return refused(place, edge);
  const { asker, site, scheme, authority, base } = ask;
  // RFC 2518 section 10.1: the asker learns that this edge lives, however slow the origin is.
  const waits = (): void => asked.onInterim?.(102, Fields.none);
  const named = { site, scheme, authority, ...(base === undefined ? {} : { base }) };
  edge.counters.add("peersAnswered");
  const served = await serve({ ...asked, ...named, client: undefined, askedBy: { edge: asker, waits } });
  const why = refusal(served);
  if (why !== undefined) {
    cancelContent(served.content);
    return refused(why, edge);
  }
  const field = asked.fields.get(PEER) ?? "";
  const fields = served.fields.with(MARK, markField(place, field, edge.tokens?.token));
  const { originMs: _, age, ...rest } = served;
  // Age counts whole seconds. Rounded down at each edge, it would make a response fresh for longer.
  return { ...rest, fields, ...(age === undefined ? {} : { age: age + 1 }) };
}

/** Where this edge is, once it has reached the asker's place. */
async function placeFor({ after }: PeerAsk, edge: CacheContext): Promise<LogPlace | PeerRefusal> {
  const { peers, purges } = edge;
  if (peers?.place()?.runId !== after.runId) return peers?.place() === undefined ? "lapsed" : "behind";
  const reached = await purges.reaches(after.position, WAIT_MS);
  const place = peers.place();
  if (place === undefined) return "lapsed";
  const isSame = place.runId === after.runId && comparePositions(place.position, after.position) >= 0;
  return reached && isSame ? place : "behind";
}

/** Only what other clients may have too crosses from edge to edge, and nothing that is stale. */
function refusal({ outcome }: Served): PeerRefusal | undefined {
  switch (outcome.kind) {
    case "hit":
      return undefined;
    case "revalidated":
      return outcome.stored ? undefined : "not-shared";
    case "miss":
      return outcome.stored || outcome.detail === "too-large" ? undefined : "not-shared";
    case "bypass":
      return "not-shared";
    case "stale":
    case "error":
      return "no-answer";
  }
}

function refused(why: PeerRefusal, edge: CacheContext): Served {
  const { fields, ...answer } = errorAnswer(503, { fwd: "bypass", detail: `peer-${why}` }, edge);
  return { ...answer, fields: fields.with(MARK, why) };
}
