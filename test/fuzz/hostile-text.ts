import fc from "fast-check";

/** What attacks on readers of text are made of, whatever the language. */
const PIECES = [
  ..."\0\t\n\r \"'\\/:;,=[]{}<>&|*!%@#-+.0123456789eE_~\x7f\x80\xc0\xff",
  "\r\n",
  "\n\n",
  "__proto__",
  "constructor",
  "null",
  "true",
  "NaN",
  "-1",
  "1e309",
  "9007199254740993",
  "99999999999999999999",
  "\u202e",
  "\ufffd",
  "\ud800",
  "\u2028",
];

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 })),
  put: fc.oneof(fc.constant(""), fc.constantFrom(...PIECES), fc.string({ maxLength: 8, unit: "binary" })),
  times: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.nat({ max: 2_000 })),
});

/** One of `seeds` with up to eight changes, or, now and then, something that has nothing to do with them. */
export function hostileText(seeds: readonly string[]): fc.Arbitrary<string> {
  const near = fc
    .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 8 }))
    .map(([seed, mutations]) =>
      mutations.reduce((text, { at, removed, put, times }) => {
        const start = Math.floor(at * text.length);
        return text.slice(0, start) + put.repeat(times) + text.slice(start + removed);
      }, seed),
    );
  return fc.oneof({ weight: 9, arbitrary: near }, fc.string({ unit: "binary", maxLength: 200 }));
}

/** The same over bytes. */
export function hostileBytes(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return hostileText(seeds.map((seed) => Buffer.from(seed).toString("latin1"))).map((text) =>
    Buffer.from(text, "latin1"),
  );
}
