import { Failure } from "../process/failure.ts";
import { type FillRequest, fill } from "./fill.ts";
import { LeftBehind, type Seat } from "./origin/shared-body.ts";
import type { EdgeParts } from "./parts.ts";
import { parseEntityTag, strongMatch } from "./rules/entity-tag.ts";
import { heldPart } from "./rules/partial.ts";
import type { StoredResponse } from "./store/stored-response.ts";

// They were answered when the body began.
const PRECONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

/**
 * Reads a shared body from byte `from` on. A reader that the others left behind goes on by itself: it asks the
 * origin for the rest of the same representation. Throws a Failure when there is no telling that it is the same.
 */
export async function* readOrCatchUp(
  seat: Seat,
  from: number,
  request: FillRequest,
  response: StoredResponse,
  edge: EdgeParts,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seat.read(from);
  } catch (thrown) {
    if (!(thrown instanceof LeftBehind)) throw thrown;
    yield* theRest(thrown.offset, request, response, edge);
  }
}

async function* theRest(
  offset: number,
  request: FillRequest,
  response: StoredResponse,
  edge: EdgeParts,
): AsyncGenerator<Uint8Array> {
  const tag = response.fields.get("ETag");
  const strong = parseEntityTag(tag);
  if (tag === undefined || strong === undefined || strong.weak)
    throw cannotCatchUp(request, "no strong ETag");
  const fields = request.fields
    .without(PRECONDITIONS)
    .with("Range", `bytes=${offset}-`)
    .with("If-Range", tag);
  const aim = { kind: "as-asked", body: undefined } as const;
  const rest = await fill({ ...request, fields }, response.key, aim, undefined, edge);
  if (rest.kind !== "own" || rest.content.kind !== "stream") throw cannotCatchUp(request, "no content");
  // RFC 9110 section 15.3.7.3: only bytes of the same strong entity tag belong together.
  if (!strongMatch(strong, parseEntityTag(rest.fields.get("ETag")))) {
    rest.content.cancel();
    throw cannotCatchUp(request, "another version");
  }
  yield* rest.content.read(rest.status === 206 && heldPart(rest)?.first === offset ? 0 : offset);
}

function cannotCatchUp(request: FillRequest, why: string): Failure {
  return new Failure("left-behind", "client", `a reader of ${request.target} was left behind: ${why}`);
}
