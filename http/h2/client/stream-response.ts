import { MAX_INTERIM, type ResponseFault, type ResponseSink } from "../../client/response-reader.ts";
import type { FieldLimits } from "../../message/field-lines.ts";
import { responseFraming } from "../../message/message-framing.ts";
import { framingFor, type ResponseHead } from "../../message/response-head.ts";
import { fieldFault } from "../stream-request.ts";

export type StreamProgress =
  | { readonly kind: "more" }
  | { readonly kind: "whole" }
  /** It ended before all of the content that its Content-Length announced. */
  | { readonly kind: "short" }
  /** RFC 9113 section 8.1.1: the stream is reset. */
  | { readonly kind: "malformed"; readonly fault: ResponseFault; readonly why: string };

const STATUS = /^[1-5][0-9]{2}$/;
const MORE: StreamProgress = { kind: "more" };
const WHOLE: StreamProgress = { kind: "whole" };
const CHUNKED = { kind: "chunked" } as const;

/**
 * Reads the heads of the responses of one connection. While a server repeats a list, the same ResponseHead is handed out.
 */
export class ListedHeads {
  readonly limits: FieldLimits;
  #last: { readonly list: readonly string[]; readonly read: HeadRead } | undefined;

  constructor(limits: FieldLimits) {
    this.limits = limits;
  }

  read(list: readonly string[]): HeadRead {
    if (this.#last?.list !== list) this.#last = { list, read: headOf(list, this.limits) };
    return this.#last.read;
  }
}

/** Reads the response on one stream. Tells nothing that is not HTTP. */
export class StreamResponse {
  readonly #method: string;
  readonly #heads: ListedHeads;
  #begun = false;
  #interim = 0;
  /** Bytes of content that may still come. */
  #left = Number.POSITIVE_INFINITY;
  /** Whether they must all come. */
  #isCounted = false;

  constructor(method: string, heads: ListedHeads) {
    this.#method = method;
    this.#heads = heads;
  }

  /** `raw`: a decoded list. */
  headers(raw: readonly string[], endStream: boolean, sink: ResponseSink): StreamProgress {
    if (this.#begun) return this.#trailers(raw, endStream, sink);
    const head = this.#heads.read(raw);
    if (head.kind !== "head") return head;
    const { status } = head.head;
    // RFC 9113 section 8.6: there is no such change of protocols.
    if (status === 101) return malformed("switched-protocols", "101, which HTTP/2 does not have");
    if (status >= 200) return this.#final(head.head, endStream, sink);
    if (endStream) return malformed("malformed", "an interim response that ends the stream");
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM)
      return malformed("interim-flood", `more than ${MAX_INTERIM} interim responses`);
    sink.interim(head.head);
    return MORE;
  }

  /** The content of a DATA frame. It is valid until the call returns. */
  data(content: Buffer, endStream: boolean, sink: ResponseSink): StreamProgress {
    if (!this.#begun) return malformed("malformed", "DATA before the fields");
    const part = content.length > this.#left ? content.subarray(0, this.#left) : content;
    this.#left -= content.length;
    if (part.length > 0) sink.body(part, [part]);
    if (this.#left < 0) return malformed("malformed", "more content than its fields allow");
    return endStream ? this.#end() : MORE;
  }

  #final(head: ResponseHead, endStream: boolean, sink: ResponseSink): StreamProgress {
    this.#begun = true;
    const framing = framingFor(head, this.#method);
    if (framing.kind === "none") this.#left = 0;
    if (framing.kind === "length") {
      this.#left = framing.length;
      this.#isCounted = true;
    }
    const isEmpty = endStream && !(this.#isCounted && this.#left > 0);
    // Content of an unknown length ends with its stream, as chunked content ends with its last chunk.
    sink.head(head, isEmpty ? { kind: "none" } : framing.kind === "until-close" ? CHUNKED : framing);
    return endStream ? this.#end() : MORE;
  }

  /** RFC 9113 section 8.1: fields behind the content. */
  #trailers(raw: readonly string[], endStream: boolean, sink: ResponseSink): StreamProgress {
    if (!endStream) return malformed("malformed", "fields behind the fields that do not end the stream");
    const fault = sizeFault(raw, this.#heads.limits) ?? malformedFields(raw);
    if (fault !== undefined) return fault;
    if (raw.length > 0) sink.trailers(raw);
    return this.#end();
  }

  #end(): StreamProgress {
    return this.#isCounted && this.#left > 0 ? { kind: "short" } : WHOLE;
  }
}

type HeadRead =
  | { readonly kind: "head"; readonly head: ResponseHead }
  | Extract<StreamProgress, { kind: "malformed" }>;

function headOf(list: readonly string[], limits: FieldLimits): HeadRead {
  const [name, value = ""] = list;
  // RFC 9113 section 8.3.2: the only pseudo-field, before all fields.
  if (name !== ":status" || !STATUS.test(value)) return malformed("malformed", "no :status from 100 to 599");
  const raw = list.slice(2);
  const fault = sizeFault(raw, limits) ?? malformedFields(raw);
  if (fault !== undefined) return fault;
  const status = Number(value);
  const framing = responseFraming("2", raw, status);
  if (typeof framing === "string")
    return malformed("malformed", `where its content ends is not known: ${framing}`);
  const head = { version: "2", status, reason: "", raw, persists: true, framingUnlessHead: framing } as const;
  return { kind: "head", head };
}

/** As lines of HTTP/1.1, with ": " and CRLF. */
function sizeFault(raw: readonly string[], { fields, bytes }: FieldLimits) {
  if (raw.length > 2 * fields) return malformed("too-large", `more than ${fields} fields`);
  let size = 0;
  for (const text of raw) size += text.length + 2;
  return size > bytes ? malformed("too-large", `more than ${bytes} bytes of fields`) : undefined;
}

function malformedFields(raw: readonly string[]) {
  const fault = fieldFault(raw);
  return fault === undefined ? undefined : malformed("malformed", fault);
}

function malformed(fault: ResponseFault, why: string) {
  return { kind: "malformed", fault, why } as const;
}
