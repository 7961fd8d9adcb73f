import { type Trailers, trailerLines } from "../../http/message/trailers.ts";
import type { ExchangeStreams } from "../../http/server/exchange-streams.ts";
import { withOwnLines } from "../../http/server/own-lines.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Content, Served } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";
import { failureAnswer } from "../cache/error-answer.ts";
import { type HeadOptions, type ResponseHeadText, responseHead } from "./response-head.ts";

interface RespondOptions extends HeadOptions {
  /** A field line that tells the identifier of the request; "": none. */
  readonly idLine?: string | undefined;
  /** The site that answers. */
  readonly site: string | undefined;
  /** Milliseconds since the request came. undefined: it came now. */
  readonly waitedMs?: number;
  /** Told of the answer that the client gets. */
  readonly began?: ((answer: Served) => void) | undefined;
}

type Edge = Pick<CacheContext, "id" | "log" | "counters">;

/** Writes the answer. Resolves when it is written, or when the client or the origin broke it off. */
export async function respond(
  served: Served,
  streams: ExchangeStreams,
  options: RespondOptions,
  edge: Edge,
): Promise<void> {
  const { answer, head } = sendable(served, options, edge);
  const { content } = answer;
  try {
    options.began?.(answer);
    if (answer.tunnel === undefined)
      streams.begin(withOwnLines(head.text, options.idLine ?? ""), head.length);
    else streams.beginTunnel(withOwnLines(head.text, options.idLine ?? ""), answer.tunnel);
    // Counted here, because here the client gets it.
    edge.counters.answered(options.site, answer.outcome, answer.status, 0, (options.waitedMs ?? 0) / 1000);
    const gave = (bytes: number): void => edge.counters.sites.gave(options.site, answer.outcome.kind, bytes);
    if (head.length === "none") {
      cancel(content);
      streams.finish();
    } else await sendContent(content, streams, options.trailers === true ? answer.trailers : undefined, gave);
  } catch (thrown) {
    cancel(content);
    edge.log.info({ sampled: "aborted", cause: describeError(thrown) }, "response aborted");
    // RFC 9112 section 8: the end of the connection tells the client that the message is not whole.
    streams.cut();
  }
}

/** Lets go of content that is not read. */
export function cancel(content: Content): void {
  if (content.kind === "stream") content.cancel();
}

/** The answer as it can be sent: a 502 in place of fields that cannot be sent on. */
function sendable(
  served: Served,
  options: HeadOptions,
  edge: Edge,
): { readonly answer: Served; readonly head: ResponseHeadText } {
  const head = responseHead(served, options);
  if (head !== undefined) return { answer: served, head };
  cancel(served.content);
  const rule = "the origin's fields must be tokens and values without control characters";
  const answer = failureAnswer(new Failure("http_protocol_error", "origin", rule), "request", edge);
  const errorHead = responseHead(answer, options);
  if (errorHead === undefined) throw new Error("an answer of the edge's own cannot be sent");
  return { answer, head: errorHead };
}

async function sendContent(
  content: Content,
  streams: ExchangeStreams,
  trailers: Trailers | undefined,
  gave: (bytes: number) => void,
): Promise<void> {
  switch (content.kind) {
    case "none":
      streams.finish();
      break;
    case "bytes": {
      gave(content.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
      const before = content.chunks.slice(0, -1);
      for (const chunk of before) await streams.send(chunk);
      await streams.finishWith(content.chunks.at(-1), trailerLines(trailers?.raw ?? []));
      break;
    }
    case "stream":
      for await (const chunk of content.read(0)) {
        gave(chunk.byteLength);
        await streams.send(chunk);
      }
      // Known now.
      streams.finish(undefined, trailerLines(trailers?.raw ?? []));
      break;
  }
}
