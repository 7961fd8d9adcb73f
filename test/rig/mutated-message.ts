import fc from "fast-check";

/** Pieces of attacks on parsers. */
const NASTY = [
  ...'\r\n\0 \t:;,="\\#%/?+-0123456789aAfFxX\x7f\x80\xff',
  "\r\n",
  "\r\n\r\n",
  "\r\n ",
  " HTTP/1.1",
  "HTTP/1.0",
  "chunked",
  "Host: b\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Connection: close\r\n",
  ";a=b",
  "0\r\n\r\n",
];

const mutation = fc.record({
  // Not a double: those crowd near 0.
  at: fc.nat({ max: 9_999 }).map((tenThousandths) => tenThousandths / 10_000),
  removed: fc.nat({ max: 3 }),
  put: fc.oneof(fc.constant(""), fc.constantFrom(...NASTY)),
});

/** One of the messages, with up to three changes. Chars are bytes (latin1). */
export function mutated(messages: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...messages), fc.array(mutation, { maxLength: 3 }))
    .map(([message, mutations]) =>
      mutations.reduce((text, { at, removed, put }) => {
        const start = Math.floor(at * text.length);
        return text.slice(0, start) + put + text.slice(start + removed);
      }, message),
    );
}
