import { expect } from "chai";
import { BodyReaders } from "./body-readers.ts";

describe("the readers of a body", () => {
  let window: { first: number };
  let readers: BodyReaders;

  beforeEach(() => {
    window = { first: 0 };
    readers = new BodyReaders(window);
  });

  it("need the head for as long as one of them has not read it", () => {
    const [fast, slow] = [readers.add(), readers.add()];
    readers.step(fast, 10);
    expect(readers.needHead).to.equal(true);
    readers.step(slow, 10);
    expect(readers.needHead).to.equal(false);
    window.first = 1;
    readers.headDropped();
    expect(readers.needHead).to.equal(true);
  });

  it("need no head for one that has left, or that was dropped", () => {
    const [fast, slow, gone] = [readers.add(), readers.add(), readers.add()];
    expect([readers.remove(gone), readers.remove(gone)]).to.deep.equal([true, false]);
    for (let chunk = 0; chunk < 3; chunk += 1) readers.step(fast, 10);
    window.first = 2;
    readers.headDropped();
    expect([readers.needHead, slow.next, readers.size]).to.deep.equal([false, 0, 2]);
  });

  it("are led by the fastest, and by the next one when it leaves", () => {
    const [fast, slow] = [readers.add(), readers.add()];
    readers.step(fast, 10);
    readers.step(fast, 5);
    readers.step(slow, 10);
    expect(readers.lead).to.deep.equal({ next: 2, offset: 15 });
    readers.remove(fast);
    expect(readers.lead).to.deep.equal({ next: 1, offset: 10 });
    readers.remove(slow);
    expect(readers.lead).to.deep.equal({ next: 0, offset: 0 });
  });

  it("are as slow as the slowest that is not dropped, which may still use the last chunk dropped", () => {
    const [fast, slow, dropped] = [readers.add(), readers.add(), readers.add()];
    expect(readers.slowest).to.equal(0);
    for (let chunk = 0; chunk < 3; chunk += 1) readers.step(fast, 10);
    readers.step(slow, 10);
    window.first = 2;
    expect(readers.slowest).to.equal(1);
    window.first = 3;
    expect(readers.slowest).to.equal(3);
    for (const reader of [fast, slow, dropped]) readers.remove(reader);
    expect(readers.slowest).to.equal(Number.POSITIVE_INFINITY);
  });
});
