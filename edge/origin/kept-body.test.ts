import { expect } from "chai";
import { KeptBody, MOST_KEPT_BYTES } from "./kept-body.ts";

describe("a body that may have to be sent again", () => {
  let closed = 0;

  async function* of(...sizes: readonly number[]) {
    try {
      for (const size of sizes) yield Buffer.alloc(size);
    } finally {
      closed += 1;
    }
  }

  beforeEach(() => {
    closed = 0;
  });

  const lengths = async (body: KeptBody) => (await Array.fromAsync(body)).map(({ byteLength }) => byteLength);

  it("is read from its beginning, while another reader waits too", async () => {
    const body = new KeptBody(of(1, 2, 3));
    const first = body[Symbol.asyncIterator]();
    await first.next();
    const waiting = first.next();
    expect(await lengths(body)).to.deep.equal([1, 2, 3]);
    expect((await waiting).value).to.have.length(2);
    expect(await lengths(body)).to.deep.equal([1, 2, 3]);
  });

  it("is kept up to 64 KiB, and no longer than is said", async () => {
    for (const [size, isKept] of [
      [MOST_KEPT_BYTES, true],
      [MOST_KEPT_BYTES + 1, false],
    ] as const) {
      const body = new KeptBody(of(size));
      expect(await lengths(body)).to.deep.equal([size]);
      expect(body.isKept).to.equal(isKept);
      body.forget();
      expect(body.isKept).to.equal(false);
    }
  });

  it("is closed by its owner", async () => {
    const body = new KeptBody(of(1, 2));
    await body[Symbol.asyncIterator]().next();
    expect(closed).to.equal(0);
    body.close();
    await Promise.resolve();
    expect(closed).to.equal(1);
  });
});
