import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import { DELTA, type EncodingName, encodingNames } from "../../rules/compression.ts";
import type { EncodingJob } from "./encode.ts";
import { Encoder } from "./encoder.ts";

const TEXT = "a text that is long enough. ".repeat(100);
const PREVIOUS = Buffer.from("a text that was long enough. ".repeat(90));
const DECODE = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
  "br-11": brotliDecompressSync,
  dcz: (coded: Uint8Array) => zstdDecompressSync(coded.subarray(40), { dictionary: PREVIOUS }),
} as const;

describe("the thread that encodes", () => {
  let encoder: Encoder;

  beforeEach(() => {
    encoder = new Encoder();
  });

  afterEach(() => encoder.stop());

  const body = () => new Uint8Array(new TextEncoder().encode(TEXT));

  const jobOf = (name: EncodingName): EncodingJob =>
    name === DELTA ? { name, body: body(), dictionary: new Uint8Array(PREVIOUS) } : { name, body: body() };

  const large = (): EncodingJob => ({ name: "br-11", body: new Uint8Array(randomBytes(2 ** 20)) });

  for (const name of encodingNames) {
    it(`makes ${name}, always the same bytes of the same body`, async () => {
      const first = await encoder.encode(jobOf(name));
      const second = await encoder.encode(jobOf(name));
      expect(DECODE[name](first).toString()).to.equal(TEXT);
      expect(Buffer.from(first).equals(second)).to.equal(true);
    });
  }

  it("takes the memory of a body instead of a copy", async () => {
    const given = body();
    await encoder.encode({ name: "gzip", body: given });
    expect(given.byteLength).to.equal(0);
  });

  it("gives up what is under way when it is stopped", async () => {
    const given = encoder.encode(large()).catch((error: Error) => error.message);
    await encoder.stop();
    expect(await given).to.equal("the encoding thread has ended");
  });

  it("names the dictionary in a frame of its own, which a plain decoder skips and then cannot go on", async () => {
    const coded = Buffer.from(await encoder.encode(jobOf(DELTA)));
    const hash = createHash("sha256").update(PREVIOUS).digest("hex");
    // RFC 9842 section 5.
    expect(coded.subarray(0, 40).toString("hex")).to.equal(`5e2a4d1820000000${hash}`);
    expect(() => zstdDecompressSync(coded)).to.throw();
    expect(zstdDecompressSync(coded, { dictionary: PREVIOUS }).toString()).to.equal(TEXT);
  });

  it("is started again when it has ended", async () => {
    const started = once(process, "worker");
    const failed = encoder
      .encode({ name: "br-11", body: new Uint8Array(randomBytes(2 ** 20)) })
      .catch((error: Error) => error.message);
    const [thread] = (await started) as [Worker];
    await thread.terminate();
    expect(await failed).to.equal("the encoding thread has ended");
    expect(gunzipSync(await encoder.encode(jobOf("gzip"))).toString()).to.equal(TEXT);
  });
});
