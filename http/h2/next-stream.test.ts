import { expect } from "chai";
import { nextStream, type Waiting } from "./next-stream.ts";

const stream = (id: number, urgency = 3, incremental = false, sendable = true): Waiting => ({
  id,
  priority: { urgency, incremental },
  sendable,
});
const next = (...waiting: readonly Waiting[]) => nextStream(waiting)?.id;

describe("the stream that sends next", () => {
  it("is the most urgent that can", () => {
    expect(next(stream(1), stream(3, 1), stream(5, 2))).to.equal(3);
    expect(next(stream(1), stream(3, 1, false, false), stream(5, 2))).to.equal(5);
    expect(next(stream(1, 0, false, false))).to.equal(undefined);
  });

  it("is the oldest request of those that are of use only whole", () => {
    expect(next(stream(5), stream(3), stream(7))).to.equal(3);
  });

  it("is the one whose turn is longest ago of those that are of use in parts", () => {
    expect(next(stream(7, 3, true), stream(3, 3, true))).to.equal(7);
  });

  it("takes turns between the two kinds", () => {
    expect(next(stream(7, 3, true), stream(5), stream(3))).to.equal(7);
    expect(next(stream(5), stream(3), stream(7, 3, true))).to.equal(3);
  });
});
