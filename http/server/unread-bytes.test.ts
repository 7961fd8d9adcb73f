import { expect } from "chai";
import fc from "fast-check";
import { UnreadBytes } from "./unread-bytes.ts";

describe("unread bytes", () => {
  it("are given in the order in which they came, each once, and counted", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), bytes: fc.uint8Array({ maxLength: 8 }) }),
      fc.record({ kind: fc.constant("read" as const), count: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const unread = new UnreadBytes();
        const model: number[] = [];
        for (const each of steps) {
          if (each.kind === "add") {
            unread.add(Buffer.from(each.bytes));
            model.push(...each.bytes);
          } else if (unread.chunk !== undefined) {
            const { chunk, at } = unread;
            const end = Math.min(chunk.length, at + each.count);
            expect([...chunk.subarray(at, end)]).to.deep.equal(model.splice(0, end - at));
            unread.readTo(end);
          }
          expect(unread.size).to.equal(model.length);
          expect(unread.chunk === undefined).to.equal(model.length === 0);
        }
      }),
    );
  });

  it("are enough at 64 KiB, or at 64 pieces however small", () => {
    const [large, small] = [new UnreadBytes(), new UnreadBytes()];
    large.add(Buffer.alloc(64 * 1024));
    expect(large.full).to.equal(false);
    large.add(Buffer.alloc(1));
    expect(large.full).to.equal(true);
    for (let i = 0; i < 64; i += 1) small.add(Buffer.alloc(1));
    expect(small.full).to.equal(false);
    small.add(Buffer.alloc(1));
    expect(small.full).to.equal(true);
  });

  it("can be dropped", () => {
    const unread = new UnreadBytes();
    unread.add(Buffer.from("abc"));
    unread.readTo(1);
    unread.clear();
    expect([unread.size, unread.chunk, unread.at]).to.deep.equal([0, undefined, 0]);
  });
});
