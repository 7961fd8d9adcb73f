import type { Fields } from "../../http/message/fields.ts";
import type { Trailers } from "../../http/message/trailers.ts";
import type { EncodingName } from "../rules/compression.ts";
import type { NotStored } from "../rules/not-stored.ts";
import type { ValidationDetail } from "../rules/verdict-detail.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { bytesFrom } from "./chunk-window.ts";
import type { FillBody, Reader } from "./fill-body.ts";
import type { CacheOutcome } from "./outcome.ts";

/** The result of one fetch from the origin. */
export type Filled =
  /** A response that may be stored: it serves every waiting request that it fits, as it arrives. */
  | {
      readonly kind: "shared";
      readonly response: StoredResponse;
      /** The fields for the request that started the fill. Some of them may not be stored. */
      readonly starterFields: Fields;
      readonly body: FillBody;
      /** The reader of the request that started the fill. Every other request joins with its own. */
      readonly starter: Reader;
      readonly length: number | undefined;
      /** RFC 9111 section 3.1: they are not stored. Who reads the fill gets them. */
      readonly trailers: Trailers | undefined;
    }
  /** 304: still valid. If it could not be stored again (`kept: false`), only the request that asked may use it. */
  | {
      readonly kind: "validated";
      readonly response: StoredResponse;
      readonly kept: boolean;
      /** Set-Cookie lines of the 304, for the request that asked. */
      readonly cookies: readonly string[];
    }
  | ForOne;

/** For the request that asked, and for no other. */
export interface ForOne {
  readonly kind: "for-one";
  readonly status: number;
  readonly fields: Fields;
  readonly content: Content;
  readonly trailers: Trailers | undefined;
  /** Why it is not stored; undefined when the request passed the cache by. */
  readonly detail: NotStored | undefined;
}

/** An answer, decided and not yet written: what the client gets, and why. */
export interface Served {
  readonly status: number;
  /** End-to-end fields, before the edge adds its own. */
  readonly fields: Fields;
  readonly content: Content;
  readonly outcome: CacheOutcome;
  /** The stored response whose bytes the content has. */
  readonly stored?: StoredResponse;
  /** What the origin has sent, or is going to send, behind the content. */
  readonly trailers?: Trailers | undefined;
  /** The protocol that the client and the origin speak from now on: the content is what the origin says in it. */
  readonly tunnel?: string;
  /** The encoding that it is; undefined: the body as it is stored. */
  readonly form?: EncodingName | undefined;
  /** The labels of the rules of the site that have acted on the request. */
  readonly rules?: readonly string[] | undefined;
  /** How long it waited for the origin's answer to begin, in milliseconds; undefined: it did not. */
  readonly originMs?: number;
  /** Why the stored response had to be validated before, if one had to be. */
  readonly validates?: ValidationDetail;
  /** Seconds, where RFC 9111 section 5.1 asks for it: the answer was stored and not validated for this request. */
  readonly age?: number;
}

/** The content of a response, on its way to a client. */
export type Content = { readonly kind: "none" } | BytesContent | StreamContent;

/** In memory, whole. */
export interface BytesContent {
  readonly kind: "bytes";
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

/** Still arriving. It must be read, once, or cancelled. */
export interface StreamContent {
  readonly kind: "stream";
  /** Known when the origin declared it. */
  readonly length: number | undefined;
  /** From byte `from` on; throws when the origin fails. */
  read(from: number): AsyncIterable<Uint8Array>;
  /** Gives up its source. Harmless after reading. */
  cancel(): void;
}

export const NO_CONTENT: Content = { kind: "none" };

/** Calls `release` when nothing more comes from the origin. */
export function released(filled: Filled, release: () => void): Filled {
  switch (filled.kind) {
    case "validated":
      release();
      return filled;
    case "shared":
      filled.body.end.then(release, release);
      return filled;
    case "for-one": {
      const { content } = filled;
      if (content.kind === "stream") return { ...filled, content: releasedContent(content, release) };
      release();
      return filled;
    }
  }
}

function releasedContent(content: StreamContent, release: () => void): StreamContent {
  async function* read(from: number): AsyncGenerator<Uint8Array> {
    try {
      yield* content.read(from);
    } finally {
      release();
    }
  }
  const cancel = (): void => {
    content.cancel();
    release();
  };
  return { kind: "stream", length: content.length, read, cancel };
}

/** The same to be read; undefined when there is none. */
export function streamOf(content: Content): StreamContent | undefined {
  switch (content.kind) {
    case "none":
      return undefined;
    case "stream":
      return content;
    case "bytes": {
      const { chunks, length } = content;
      async function* read(from: number): AsyncGenerator<Uint8Array> {
        yield* bytesFrom(chunks, from);
      }
      return { kind: "stream", length, read, cancel: () => undefined };
    }
  }
}

/** For content that nobody is going to read. */
export function cancelContent(content: Content): void {
  if (content.kind === "stream") content.cancel();
}

export function bytesContent(chunks: readonly Uint8Array[]): BytesContent {
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  return { kind: "bytes", chunks, length };
}

export function textContent(text: string): BytesContent {
  return bytesContent([new TextEncoder().encode(text)]);
}

/** The bytes `first` to `last`, both included, of content whose length is known. */
export function sliceContent(content: Content, first: number, last: number): Content {
  switch (content.kind) {
    case "none":
      return content;
    case "bytes":
      return sliceBytes(content, first, last);
    case "stream":
      return {
        kind: "stream",
        length: last - first + 1,
        read: (from) => readSpan(content, first + from, last),
        cancel: () => content.cancel(),
      };
  }
}

/** The bytes `first` to `last`, both included, without a copy. */
export function sliceBytes(content: BytesContent, first: number, last: number): BytesContent {
  const slices: Uint8Array[] = [];
  let start = 0;
  for (const chunk of content.chunks) {
    const end = start + chunk.byteLength;
    if (end > first && start <= last) {
      slices.push(chunk.subarray(Math.max(0, first - start), Math.min(chunk.byteLength, last + 1 - start)));
    }
    start = end;
  }
  return bytesContent(slices);
}

async function* readSpan(content: StreamContent, first: number, last: number): AsyncGenerator<Uint8Array> {
  let left = last - first + 1;
  if (left <= 0) return;
  for await (const chunk of content.read(first)) {
    const piece = chunk.byteLength > left ? chunk.subarray(0, left) : chunk;
    left -= piece.byteLength;
    yield piece;
    if (left === 0) return;
  }
}
