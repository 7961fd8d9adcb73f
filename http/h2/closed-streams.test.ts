import { expect } from "chai";
import { Allowance } from "./allowance.ts";
import { ClosedStreams } from "./closed-streams.ts";
import { LARGEST_WINDOW } from "./frames.ts";

// Of the streams that are over, that are known.
const KNOWN = 256;

describe("the streams of a connection that are over", () => {
  let closed: ClosedStreams;

  beforeEach(() => {
    closed = new ClosedStreams(new Allowance({ burst: 1_000, perSecond: 0 }, 0), 0);
  });

  it("are known to have ended until 256 others are over", () => {
    for (let n = 0; n < KNOWN; n += 1) closed.add(2 * n + 1, "ended");
    expect(() => closed.lateHeaders(1, 0)).to.throw("HEADERS on a stream that has ended");
    expect(() => closed.lateData(1, 0)).to.throw("DATA on a stream that has ended");
    closed.add(2 * KNOWN + 1, "ended");
    expect(() => closed.lateHeaders(1, 0)).to.throw("a new stream must have a higher number");
    expect(() => closed.lateData(1, 0)).not.to.throw();
    expect(() => closed.lateHeaders(3, 0)).to.throw("HEADERS on a stream that has ended");
  });

  it("are ignored when we reset them, until the client resets them too", () => {
    closed.add(1, "reset");
    closed.lateHeaders(1, 0);
    closed.lateData(1, 0);
    closed.lateReset(1, 0);
    expect(() => closed.lateData(1, 0)).to.throw("DATA on a stream that has ended");
  });

  it("count as they were added last", () => {
    closed.add(1, "reset");
    closed.add(1, "ended");
    expect(() => closed.lateHeaders(1, 0)).to.throw("HEADERS on a stream that has ended");
  });

  it("have a window that may be as large as any, and no larger", () => {
    closed.add(1, "ended", 10);
    closed.lateWindow(1, LARGEST_WINDOW - 10, 0);
    expect(() => closed.lateWindow(1, 1, 0)).to.throw("the window of a stream is too large");
    // Nothing is known of the window of another one.
    closed.lateWindow(3, LARGEST_WINDOW, 0);
    closed.lateWindow(3, LARGEST_WINDOW, 0);
  });
});
