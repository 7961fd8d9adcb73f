import * as node from "node:crypto";
import { expect } from "chai";
import { buildSync } from "esbuild";

const ENTRY = new URL("./node-crypto.ts", import.meta.url).pathname;

describe("node:crypto in a page", () => {
  let page: typeof import("./node-crypto.ts");

  before(async () => {
    // Only a bundle finds the stand-in for Buffer.
    const { outputFiles } = buildSync({ entryPoints: [ENTRY], bundle: true, format: "esm", write: false });
    const script = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
    page = await import(`data:text/javascript;base64,${script}`);
  });

  // Long enough that base64 of its digests has each of its characters somewhere.
  const texts = Array.from({ length: 50 }, (_, n) => "edge".repeat(n));

  for (const algorithm of ["sha1", "sha256"] as const) {
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      it(`makes the digests of Node: ${algorithm}, ${encoding}`, () => {
        for (const text of texts) {
          const expected = node.createHash(algorithm).update(text).digest(encoding);
          expect(page.createHash(algorithm).update(text).digest(encoding)).to.equal(expected);
          const keyed = node.createHmac(algorithm, "a key").update(text).digest(encoding);
          expect(page.createHmac(algorithm, "a key").update(text).digest(encoding)).to.equal(keyed);
        }
      });
    }
  }
});
