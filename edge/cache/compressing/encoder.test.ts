import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import { encodingNames } from "../../rules/compression.ts";
import { Encoder } from "./encoder.ts";

const TEXT = "a text that is long enough. ".repeat(100);
const DECODE = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
  "br-11": brotliDecompressSync,
} as const;

describe("the thread that encodes", () => {
  let encoder: Encoder;

  beforeEach(() => {
    encoder = new Encoder();
  });

  afterEach(() => encoder.stop());

  const body = () => new Uint8Array(new TextEncoder().encode(TEXT));

  for (const name of encodingNames) {
    it(`makes ${name}, always the same bytes of the same body`, async () => {
      const first = await encoder.encode(name, body());
      const second = await encoder.encode(name, body());
      expect(DECODE[name](first).toString()).to.equal(TEXT);
      expect(Buffer.from(first).equals(second)).to.equal(true);
    });
  }

  it("takes the memory of a body instead of a copy", async () => {
    const given = body();
    await encoder.encode("gzip", given);
    expect(given.byteLength).to.equal(0);
  });

  it("gives up what is under way when it is stopped", async () => {
    const given = encoder.encode("br-11", randomBytes(2 ** 20)).catch((error: Error) => error.message);
    await encoder.stop();
    expect(await given).to.equal("the encoding thread has ended");
  });

  it("is started again when it has ended", async () => {
    const started = once(process, "worker");
    const failed = encoder.encode("br-11", randomBytes(2 ** 20)).catch((error: Error) => error.message);
    const [thread] = (await started) as [Worker];
    await thread.terminate();
    expect(await failed).to.equal("the encoding thread has ended");
    expect(gunzipSync(await encoder.encode("gzip", body())).toString()).to.equal(TEXT);
  });
});
