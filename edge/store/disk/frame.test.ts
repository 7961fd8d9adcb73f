import { expect } from "chai";
import { encodingNames } from "../../rules/compression.ts";
import { HEAD_BYTES } from "../record-layout.ts";
import { DISK_FORMAT, FRAME_HEAD, frameBytes, readHead, writeHead } from "./frame.ts";

describe("a frame on disk", () => {
  it("has another format when a record has: raise DISK_FORMAT, then change this", () => {
    expect([DISK_FORMAT, FRAME_HEAD, HEAD_BYTES, encodingNames]).to.deep.equal([
      2,
      64,
      160,
      ["zstd", "br", "gzip", "br-11", "dcz"],
    ]);
  });

  it("has a head that is read as it was written, and not where it is cut", () => {
    const head = {
      kind: "responses",
      hash: { high: 0xffff_ffff, low: 1 },
      length: 12_345,
      checksum: 0xdead_beef,
      mark: { position: { epoch: 1_700_000_000_000_000, seq: 42 }, flushes: 3, invalidations: 4 },
      wall: 1_700_000_000_000,
    } as const;
    const bytes = Buffer.alloc(FRAME_HEAD + 8);
    writeHead(bytes, 8, head);
    expect(readHead(bytes, 8)).to.deep.equal(head);
    expect(readHead(bytes, 0)).to.equal(undefined);
    expect(readHead(bytes.subarray(0, -1), 8)).to.equal(undefined);
  });

  it("takes its head and its payload, up to the next place where a frame may begin", () => {
    expect([0, 1, 8, 9].map(frameBytes)).to.deep.equal([64, 72, 72, 80]);
  });
});
