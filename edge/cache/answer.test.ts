import { expect } from "chai";
import fc from "fast-check";
import { bytesContent, type Content, type StreamContent, sliceContent } from "./answer.ts";

async function bytesOf(content: Content): Promise<number[]> {
  const chunks = content.kind === "bytes" ? content.chunks : content.kind === "stream" ? content.read(0) : [];
  const bytes: number[] = [];
  for await (const chunk of chunks) bytes.push(...chunk);
  return bytes;
}

function streamOf(chunks: readonly Uint8Array[], length: number): StreamContent {
  const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
  return {
    kind: "stream",
    length,
    read: async function* (from) {
      let start = 0;
      for (const chunk of chunks) {
        const first = Math.max(start, from);
        if (first < start + chunk.byteLength) yield whole.subarray(first, start + chunk.byteLength);
        start += chunk.byteLength;
      }
    },
    cancel: () => undefined,
  };
}

const chunked = fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 9 });

describe("a slice of content", () => {
  it("is the same bytes whether it is in memory or arriving, whatever the chunks", async () => {
    await fc.assert(
      fc.asyncProperty(chunked, fc.nat(90), fc.nat(90), async (chunks, a, b) => {
        const whole = chunks.flatMap((chunk) => [...chunk]);
        fc.pre(whole.length > 0);
        const [first, last] = [a % whole.length, b % whole.length].sort((x, y) => x - y) as [number, number];
        const expected = whole.slice(first, last + 1);
        const inMemory = sliceContent(bytesContent(chunks), first, last);
        const arriving = sliceContent(streamOf(chunks, whole.length), first, last);
        expect(await bytesOf(inMemory)).to.deep.equal(expected);
        expect(await bytesOf(arriving)).to.deep.equal(expected);
        expect([inMemory, arriving].map((c) => (c.kind === "none" ? 0 : c.length))).to.deep.equal([
          expected.length,
          expected.length,
        ]);
      }),
    );
  });
});
