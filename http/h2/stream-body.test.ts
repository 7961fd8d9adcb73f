import { expect } from "chai";
import { StreamBody } from "./stream-body.ts";

describe("the body of a request by HTTP/2", () => {
  it("is given in the order in which it came, and each byte once", () => {
    const taken: number[] = [];
    const body = new StreamBody({ kind: "chunked" }, (bytes) => taken.push(bytes));
    const large = Buffer.alloc(10_000, "l");
    for (const bytes of [Buffer.from("a"), Buffer.from("b"), large, Buffer.from("c")])
      expect(body.add(bytes)).to.equal(true);
    large.fill("#");
    const read = body.read();
    expect(read.kind === "content" && Buffer.concat(read.pieces).toString()).to.equal(
      `ab${"l".repeat(10_000)}c`,
    );
    expect([taken, body.size, body.read().kind, body.whole]).to.deep.equal([[10_003], 0, "waiting", false]);
    expect([body.end(), body.read().kind, body.whole]).to.deep.equal([true, "whole", true]);
  });

  it("takes little more memory than its bytes, however small the pieces", () => {
    const body = new StreamBody({ kind: "chunked" }, () => undefined);
    for (let i = 0; i < 60_000; i += 1) body.add(Buffer.from([i]));
    const read = body.read();
    expect(read.kind === "content" && read.pieces.length).to.equal(15);
  });

  it("is as long as Content-Length says", () => {
    const of = (length: number) => new StreamBody({ kind: "length", length }, () => undefined);
    expect([of(1).add(Buffer.from("ab")), of(0).end(), of(1).end()]).to.deep.equal([false, true, false]);
    const exact = of(2);
    expect([exact.add(Buffer.from("ab")), exact.end()]).to.deep.equal([true, true]);
  });
});
