import { expect } from "chai";
import { pino } from "pino";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { SpanReceiver } from "../../test/rig/span-receiver.ts";
import { until } from "../../test/rig/until.ts";
import { systemClock } from "../clock.ts";
import { OtlpOutput } from "./otlp-output.ts";
import type { FinishedSpan } from "./span.ts";
import { TraceIds } from "./trace-context.ts";

const ids = new TraceIds();
const span = (changes: Partial<FinishedSpan> = {}): FinishedSpan => ({
  name: "GET",
  kind: "server",
  context: ids.next(undefined, true),
  parent: undefined,
  links: [],
  began: Date.UTC(2026, 10, 28) + 0.25,
  ended: Date.UTC(2026, 10, 28) + 2.5,
  attributes: {},
  events: [],
  error: undefined,
  ...changes,
});
const spans = (count: number) => Array.from({ length: count }, () => span());

describe("OtlpOutput", function () {
  this.timeout(30_000);
  let receiver: SpanReceiver;
  let dropped: number;
  let warned: unknown[];
  beforeEach(async () => {
    receiver = await SpanReceiver.start();
    dropped = 0;
    warned = [];
  });
  afterEach(() => receiver.stop());

  const output = (clock: ManualClock | typeof systemClock = systemClock) =>
    new OtlpOutput(receiver.endpoint, {
      program: "edge",
      instance: "edge-1",
      clock,
      log: pino({}, { write: (line: string) => warned.push(JSON.parse(line)) }),
      dropped: (count) => {
        dropped += count;
      },
    });

  it("sends spans as they were made, and the last ones when it is closed", async () => {
    const [parent, other] = [ids.next(undefined, true), ids.next(undefined, true)];
    const made = span({
      context: ids.next(parent, true),
      parent,
      links: [other],
      kind: "client",
      attributes: { "url.path": "/a", "server.port": 80, none: undefined, long: "x".repeat(2_000) },
      events: [{ name: "asked", at: Date.UTC(2026, 10, 28) + 1, attributes: { "server.port": 81 } }],
      error: "connection_refused",
    });
    const it = output();
    it.take([made]);
    await it.close();
    const [seen] = receiver.spans;
    expect(seen).to.deep.equal({
      service: "edgecache-edge",
      instance: "edge-1",
      name: "GET",
      kind: "CLIENT",
      traceId: made.context.traceId,
      spanId: made.context.spanId,
      parentSpanId: parent.spanId,
      startTimeUnixNano: BigInt(Date.UTC(2026, 10, 28)) * 1_000_000n + 250_000n,
      endTimeUnixNano: BigInt(Date.UTC(2026, 10, 28)) * 1_000_000n + 2_500_000n,
      attributes: { "url.path": "/a", "server.port": 80, long: "x".repeat(1_024) },
      events: [{ name: "asked", attributes: { "server.port": 81 } }],
      links: [{ traceId: other.traceId, spanId: other.spanId }],
      status: "ERROR",
    });
    expect([receiver.spans.length, dropped]).to.deep.equal([1, 0]);
  });

  it("sends as many as may wait when it is closed", async () => {
    const it = output();
    it.take(spans(2_048));
    await it.close();
    expect([receiver.spans.length, dropped]).to.deep.equal([2_048, 0]);
  });

  it("counts what the collector refuses, and tells why", async () => {
    receiver.answers = 400;
    const it = output();
    it.take(spans(3));
    await until("they are lost", () => dropped === 3);
    expect(warned).to.have.length(1);
    expect(warned[0]).to.include({ msg: "spans not taken; they are dropped", spans: 3 });
    receiver.answers = 200;
    it.take(spans(2));
    await it.close();
    expect([receiver.spans.length, dropped]).to.deep.equal([2, 3]);
  });

  it("holds so many while the collector says nothing, and stops all the same", async () => {
    receiver.answers = "silent";
    const clock = new ManualClock();
    const it = output(clock);
    // 256 are under way.
    it.take(spans(256 + 2_048));
    expect(dropped).to.equal(0);
    it.take(spans(5));
    expect(dropped).to.equal(5);
    const closed = it.close();
    await clock.waited();
    clock.advance(1_000);
    await closed;
    expect(dropped).to.equal(256 + 2_048 + 5);
  });
});
