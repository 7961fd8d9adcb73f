/** The content of a response on its way to a client. */
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
  /** Lets go of whatever delivers it; harmless after reading. */
  cancel(): void;
}

export const NO_CONTENT: Content = { kind: "none" };

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
