// A reader that was too slow for the others: rare, as it takes a body too large to be kept and very unequal clients.

import { shownTarget } from "../../http/message/shown-target.ts";
import { Failure } from "../../process/failure.ts";
import { parseEntityTag, strongMatch } from "../rules/entity-tag.ts";
import type { ResponseHead } from "../rules/exchange.ts";
import { heldPart } from "../rules/partial.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { type StreamContent, streamOf } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { fill } from "./fill.ts";
import type { Reader } from "./fill-body.ts";
import type { FillRequest } from "./fill-request.ts";
import { Lagged, type Prefix, prefixHash } from "./lagged.ts";

// These were answered when the body began.
const PRECONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

// Two answers that agree in these fields, and in the bytes that were read of the first, count as the same.
const ABOUT_CONTENT = ["Content-Length", "Content-Type", "Content-Encoding", "ETag", "Last-Modified"];

/**
 * Reads a shared body from byte `from` on. Most readers read it to its end, and this file does nothing for them.
 *
 * Rarely, when a body is too large to be kept and its clients differ much in speed, the slowest one is dropped by the
 * others. It goes on by itself: it asks the origin for the rest of the same representation. When that has no strong
 * ETag, it asks for the whole once more, and compares the bytes that it has had. Throws a Failure when nothing proves
 * that both are the same.
 */
export async function* readShared(
  reader: Reader,
  from: number,
  request: FillRequest,
  response: StoredResponse,
  edge: CacheContext,
): AsyncGenerator<Uint8Array> {
  try {
    yield* reader.read(from);
  } catch (thrown) {
    if (!(thrown instanceof Lagged)) throw thrown;
    // Its place is counted from the begin of the slice, and the origin counts from that of the whole.
    if (request.slice !== undefined) throw cannotGoOn(request, "a slice");
    const tag = response.fields.get("ETag");
    const strong = parseEntityTag(tag);
    if (tag !== undefined && strong?.weak === false) {
      yield* theRest(thrown.offset, tag, request, response, edge);
    } else yield* theSameAgain(thrown, request, response, edge);
  }
}

async function* theRest(
  offset: number,
  tag: string,
  request: FillRequest,
  response: StoredResponse,
  edge: CacheContext,
): AsyncGenerator<Uint8Array> {
  const fields = request.fields
    .without(PRECONDITIONS)
    .with("Range", `bytes=${offset}-`)
    .with("If-Range", tag);
  const rest = await ask({ ...request, fields }, response, edge);
  // RFC 9110 section 15.3.7.3: only bytes of the same strong entity tag belong together.
  if (!strongMatch(parseEntityTag(tag), parseEntityTag(rest.fields.get("ETag")))) {
    rest.content.cancel();
    throw cannotGoOn(request, "another version");
  }
  yield* rest.content.read(rest.status === 206 && heldPart(rest)?.first === offset ? 0 : offset);
}

/** All bytes are still those of one answer: of the second one, which begins as the first did. */
async function* theSameAgain(
  { offset, prefix }: Lagged,
  request: FillRequest,
  response: StoredResponse,
  edge: CacheContext,
): AsyncGenerator<Uint8Array> {
  if (prefix === undefined) throw cannotGoOn(request, "no strong ETag");
  const fields = request.fields.without([...PRECONDITIONS, "Range", "If-Range"]);
  const again = await ask({ ...request, fields }, response, edge);
  const agrees = (name: string): boolean => again.fields.get(name) === response.fields.get(name);
  if (again.status !== response.status || !ABOUT_CONTENT.every(agrees)) {
    again.content.cancel();
    throw cannotGoOn(request, "another version");
  }
  let position = 0;
  for await (const chunk of after(prefix, again.content, request)) {
    const skip = offset - prefix.length - position;
    if (skip < chunk.byteLength) yield skip > 0 ? chunk.subarray(skip) : chunk;
    position += chunk.byteLength;
  }
}

/** The bytes after the prefix. Throws a Failure when the content does not begin with it. */
async function* after(
  prefix: Prefix,
  content: StreamContent,
  request: FillRequest,
): AsyncGenerator<Uint8Array> {
  const hash = prefixHash();
  let left = prefix.length;
  let verified = false;
  for await (const chunk of content.read(0)) {
    const known = chunk.subarray(0, left);
    hash.update(known);
    left -= known.byteLength;
    if (left > 0) continue;
    if (!verified && hash.copy().digest("base64") !== prefix.digest) break;
    verified = true;
    if (known.byteLength < chunk.byteLength) yield chunk.subarray(known.byteLength);
  }
  if (!verified) throw cannotGoOn(request, "another content");
}

async function ask(
  request: FillRequest,
  { key }: StoredResponse,
  edge: CacheContext,
): Promise<ResponseHead & { readonly content: StreamContent }> {
  const plan = { request, key, aim: { kind: "as-asked", body: undefined } } as const;
  const filled = await fill(plan, edge);
  const content = filled.kind === "for-one" ? streamOf(filled.content) : undefined;
  if (filled.kind !== "for-one" || content === undefined) throw cannotGoOn(request, "no content");
  const { status, fields } = filled;
  return { status, fields, content };
}

function cannotGoOn(request: FillRequest, why: string): Failure {
  return new Failure(
    "lagged",
    "client",
    `a reader of ${shownTarget(request.target)} was too slow, and cannot go on alone: ${why}`,
  );
}
