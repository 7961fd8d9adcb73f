import { expect } from "chai";
import { parseTraceparent, TraceIds, traceparentOf } from "./trace-context.ts";

const [TRACE, PARENT] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

describe("traceparent", () => {
  it("names a trace and its parent when it is valid", () => {
    const names = { traceId: TRACE, spanId: PARENT };
    expect(parseTraceparent(`00-${TRACE}-${PARENT}-01`)).to.deep.equal({ ...names, sampled: true });
    expect(parseTraceparent(`00-${TRACE}-${PARENT}-02`)).to.deep.equal({ ...names, sampled: false });
    expect(parseTraceparent(`01-${TRACE}-${PARENT}-03-more`)).to.deep.equal({ ...names, sampled: true });
    for (const bad of [
      undefined,
      "",
      `ff-${TRACE}-${PARENT}-01`,
      `00-${"0".repeat(32)}-${PARENT}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-${PARENT}-01`,
      `00-${TRACE}-${PARENT}-0`,
      `00-${TRACE}-${PARENT}-01-more`,
      `00-${TRACE}-${PARENT}-01x`,
    ])
      expect(parseTraceparent(bad), bad).to.equal(undefined);
  });

  it("is written as it is read", () => {
    for (const flags of ["00", "01"]) {
      const text = `00-${TRACE}-${PARENT}-${flags}`;
      const context = parseTraceparent(text);
      expect(context && traceparentOf(context)).to.equal(text);
    }
  });
});

describe("TraceIds", () => {
  it("stay in the trace of a parent, else begin one", () => {
    const ids = new TraceIds();
    const root = ids.next(undefined, true);
    const child = ids.next(root, true);
    expect(child.traceId).to.equal(root.traceId);
    expect(child.spanId).to.not.equal(root.spanId);
    expect(ids.next(undefined, true).traceId).to.not.equal(root.traceId);
    for (const context of [root, child])
      expect(parseTraceparent(traceparentOf(context))).to.deep.equal(context);
  });
});
