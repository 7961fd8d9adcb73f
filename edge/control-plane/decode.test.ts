import { expect } from "chai";
import fc from "fast-check";
import { PurgeRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { callReader, MOST_CALL_BYTES, readPeriod, readPurgeBytes } from "./decode.ts";

function purgeBytes(...targets: number[][]): Uint8Array {
  return Uint8Array.from(targets.flatMap((target) => [0x12, target.length, ...target]));
}

const URL_A = [0x0a, 2, 0x2f, 0x61];
const TAG_T = [0x1a, 1, 0x74];
const EVERYTHING = [0x20, 1];
const SITE_S = [0x2a, 1, 0x73];

function problemOf(bytes: Uint8Array): string {
  const read = readPurgeBytes(bytes);
  return read.ok ? "" : read.message;
}

describe("the bytes of a call", () => {
  it("are read as the message that they are", () => {
    const request: PurgeRequest = {
      purgeId: "p",
      targets: [{ target: { $case: "url", url: "/a" }, site: "s" }],
      wait: { seconds: 1, nanos: 5 },
      soft: true,
      dryRun: false,
      rebound: { seconds: 2, nanos: 0 },
      pace: 50,
    };
    const read = readPurgeBytes(PurgeRequest.encode(request).finish());
    expect(read).to.deep.equal({ ok: true, value: request });
    expect(readPurgeBytes(new Uint8Array()).ok).to.equal(true);
  });

  it("are refused with the field that is too large", () => {
    const read = callReader("fields", (bytes) => bytes);
    expect(read(new Uint8Array(MOST_CALL_BYTES)).ok).to.equal(true);
    expect(read(new Uint8Array(MOST_CALL_BYTES + 1))).to.deep.equal({
      ok: false,
      code: "invalid-argument",
      message: 'fields: must be small enough for a request of at most 65536 bytes: got "65537 bytes"',
    });
  });

  it("are refused when a target names two things", () => {
    expect(problemOf(purgeBytes(URL_A, [...URL_A, ...TAG_T]))).to.contain(
      "targets[1] names more than one of url",
    );
    expect(problemOf(purgeBytes([...EVERYTHING, ...EVERYTHING]))).to.contain(
      "targets[0] names more than one",
    );
    expect(problemOf(purgeBytes([...URL_A, ...SITE_S], [...SITE_S, ...TAG_T], SITE_S))).to.equal("");
  });

  it("are refused, never thrown at, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const read = readPurgeBytes(bytes);
        expect(read.ok || /^request: must be a message/.test(read.message)).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are refused when a number is larger than we can count", () => {
    // wait.seconds = 2^62
    const bytes = Uint8Array.from([0x22, 10, 0x08, ...new Array(8).fill(0x80), 0x40]);
    expect(problemOf(bytes)).to.match(/^request: must be a message that can be decoded: got /);
  });
});

describe("the period of WatchStats", () => {
  it("is 0.1 s to 60 s, and 1 s when it is absent", () => {
    const read = (seconds: number, nanos: number) => readPeriod({ period: { seconds, nanos } });
    expect(readPeriod({ period: undefined })).to.deep.equal({ ok: true, value: 1_000 });
    expect(read(0, 100_000_000)).to.deep.equal({ ok: true, value: 100 });
    expect(read(60, 0)).to.deep.equal({ ok: true, value: 60_000 });
    for (const period of [read(0, 99_999_999), read(60, 1)]) {
      expect(period).to.include({ ok: false, code: "invalid-argument" });
    }
  });
});
