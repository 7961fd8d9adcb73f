import { ChunkedDecoder } from "../message/chunked.ts";
import type { FieldLimits } from "../message/field-lines.ts";
import type { Framing } from "../message/message-framing.ts";
import { rawValues } from "../message/raw-fields.ts";
import { framingFor, type HeadFault, type ResponseHead, ResponseHeads } from "../message/response-head.ts";
import { namedProtocols } from "../message/upgrade.ts";

/** Receives a response as it arrives. Buffers are valid until the call returns. */
export interface ResponseSink {
  /** RFC 9110 section 15.2. */
  interim(head: ResponseHead): void;
  head(head: ResponseHead, framing: Framing): void;
  /**
   * Bytes of the body as received, proven to be well-formed; `content` is the same without chunked coding. Of bytes that
   * are malformed further on there is only the content before that.
   */
  body(received: Buffer, content: readonly Buffer[]): void;
  /** What stands behind chunked content, when something does. `raw`: name, value, name, value … */
  trailers(raw: readonly string[]): void;
}

export type ResponseProgress =
  | { readonly kind: "more" }
  /** `excess`: more bytes followed than the request asked for. */
  | { readonly kind: "whole"; readonly excess: boolean }
  /** The bytes are not what they must be. The connection is unusable. */
  | { readonly kind: "malformed"; readonly fault: ResponseFault; readonly why: string };

/** Why a response is refused, in one word. */
export type ResponseFault = HeadFault | "chunk" | "switched-protocols" | "interim-flood";

type Stage =
  | { readonly kind: "head"; interim: number }
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked"; readonly decoder: ChunkedDecoder }
  | { readonly kind: "until-close" }
  | { readonly kind: "whole" };

// RFC 9110 section 15.2 allows any number of interim responses. Nobody needs more than a few, and a flood must end.
export const MAX_INTERIM = 32;

const UNTIL_CLOSE = { kind: "until-close" } as const;
const MORE: ResponseProgress = { kind: "more" };
const WHOLE: ResponseProgress = { kind: "whole", excess: false };
const EXCESS: ResponseProgress = { kind: "whole", excess: true };

/** Reads the responses on one connection, one at a time. Tells nothing that is not HTTP. */
export class ResponseReader {
  readonly #heads: ResponseHeads;
  #method = "";
  #upgrade: string | undefined;
  #stage: Stage = { kind: "whole" };
  #persists = false;

  constructor(limits: FieldLimits) {
    this.#heads = new ResponseHeads(limits);
  }

  /** Call it before the response to a request with this method. `upgrade`: the protocol that it offers, in lower case. */
  begin(method: string, upgrade?: string): void {
    this.#method = method;
    this.#upgrade = upgrade;
    this.#stage = { kind: "head", interim: 0 };
  }

  /** Whether the last response allows another request on this connection. */
  get persists(): boolean {
    return this.#persists;
  }

  /** Reads bytes and calls `sink`. Do not call it again after `malformed`. */
  read(bytes: Buffer, sink: ResponseSink): ResponseProgress {
    let at = 0;
    while (this.#stage.kind === "head") {
      const read = this.#heads.read(bytes, at);
      if (read.kind === "incomplete") return MORE;
      if (read.kind === "malformed") return read;
      at = read.end;
      const { head } = read;
      if (head.status === 101) {
        const fault = switchFault(head, this.#upgrade);
        if (fault !== undefined) return malformed("switched-protocols", fault);
        this.#stage = UNTIL_CLOSE;
        this.#persists = false;
        sink.head(head, UNTIL_CLOSE);
      } else if (head.status < 200) {
        this.#stage.interim += 1;
        if (this.#stage.interim > MAX_INTERIM) {
          return malformed("interim-flood", `more than ${MAX_INTERIM} interim responses`);
        }
        sink.interim(head);
      } else {
        const framing = framingFor(head, this.#method);
        this.#stage = stageOf(framing);
        this.#persists = head.persists;
        sink.head(head, framing);
      }
    }
    return this.#readBody(this.#stage, bytes, at, sink);
  }

  /** Call it when the server has closed the connection properly. Returns whether that ends the response. */
  closed(): boolean {
    return this.#stage.kind === "until-close";
  }

  #readBody(stage: Stage, bytes: Buffer, from: number, sink: ResponseSink): ResponseProgress {
    switch (stage.kind) {
      case "length": {
        const end = Math.min(bytes.length, from + stage.left);
        stage.left -= end - from;
        if (end > from) tell(sink, bytes.subarray(from, end));
        return stage.left > 0 ? MORE : this.#whole(end < bytes.length);
      }
      case "chunked": {
        const read = stage.decoder.push(bytes, from);
        if (read.kind === "malformed") {
          if (read.content.length > 0) sink.body(bytes.subarray(from, from), read.content);
          return malformed("chunk", read.why);
        }
        const end = read.kind === "end" ? read.end : bytes.length;
        if (end > from) sink.body(bytes.subarray(from, end), read.content);
        if (read.kind === "end" && read.trailers.length > 0) sink.trailers(read.trailers);
        return read.kind === "end" ? this.#whole(end < bytes.length) : MORE;
      }
      case "until-close":
        if (from < bytes.length) tell(sink, bytes.subarray(from));
        return MORE;
      case "whole":
      case "head":
        return this.#whole(from < bytes.length);
    }
  }

  #whole(excess: boolean): ResponseProgress {
    this.#stage = { kind: "whole" };
    return excess ? EXCESS : WHOLE;
  }
}

/** RFC 9110 section 15.2.2: what is wrong with a change of protocols. `offered`: the one that the request named. */
function switchFault({ version, raw }: ResponseHead, offered: string | undefined): string | undefined {
  if (offered === undefined) return "101 without having been asked";
  // RFC 9110 section 8.6, RFC 9112 section 6.1: a 101 has neither.
  const isFramed = rawValues(raw, "content-length").length + rawValues(raw, "transfer-encoding").length > 0;
  if (isFramed) return "101 with content";
  const [named, ...more] = namedProtocols(version, raw);
  return named === offered && more.length === 0 ? undefined : `101 that does not name ${offered} alone`;
}

function tell(sink: ResponseSink, bytes: Buffer): void {
  sink.body(bytes, [bytes]);
}

function stageOf(framing: Framing): Stage {
  switch (framing.kind) {
    case "none":
      return { kind: "whole" };
    case "length":
      return { kind: "length", left: framing.length };
    case "chunked":
      return { kind: "chunked", decoder: new ChunkedDecoder() };
    case "until-close":
      return UNTIL_CLOSE;
  }
}

function malformed(fault: ResponseFault, why: string): ResponseProgress {
  return { kind: "malformed", fault, why };
}
