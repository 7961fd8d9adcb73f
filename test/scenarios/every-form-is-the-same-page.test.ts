import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const RULES = { ...SAFE_RULES, compress: { ...NO_COMPRESSION, codings: contentCodings } };
const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";
const PAGE = Buffer.from(Array.from({ length: 300 }, (_, line) => `line ${line} of ${line ** 3}\n`).join(""));

type FormName = (typeof contentCodings)[number] | "identity";

const DECODE: Readonly<Record<FormName, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: (body) => gunzipSync(body),
  br: (body) => brotliDecompressSync(body),
  zstd: (body) => zstdDecompressSync(body),
};

/** Values of Accept-Encoding, each with the forms that it accepts. */
const ACCEPTED: readonly (readonly [value: string | undefined, forms: readonly FormName[]])[] = [
  [undefined, ["identity"]],
  ["identity", ["identity"]],
  ["gzip", ["gzip", "identity"]],
  ["gzip, deflate, br, zstd", ["zstd", "br", "gzip", "identity"]],
  ["br;q=0.2, gzip;q=0.1", ["br", "gzip", "identity"]],
  ["*;q=0, zstd", ["zstd"]],
  ["identity;q=0, gzip, br", ["br", "gzip"]],
  ["*, br;q=0", ["zstd", "gzip", "identity"]],
];

const TAGS = [
  '"t"',
  '"t-br"',
  '"t-br-11"',
  '"t-zstd"',
  '"t-gzip"',
  'W/"w"',
  '"w-br"',
  '"other"',
  '"t-br-br"',
  "*",
];
const RANGES = ["bytes=0-9", "bytes=100-", "bytes=-7", "bytes=999999-", "bytes=0-0,5-6"];

const maybe = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const asked = fc.record({
  path: fc.constantFrom("/strong", "/weak", "/dated", "/plain"),
  accepted: fc.constantFrom(...ACCEPTED),
  ifNoneMatch: fc.option(fc.subarray(TAGS, { minLength: 1 }), { nil: undefined, freq: 2 }),
  range: maybe(...RANGES),
  ifRange: maybe(...TAGS.slice(0, -1), MODIFIED),
});

describe("every form of a page", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  /** By path and form. */
  let bodies: Map<string, Buffer>;

  before(async () => {
    const page = (...more: readonly (readonly [string, string])[]) => ({
      fields: [["Cache-Control", "max-age=600"], ["Content-Type", "text/plain"], ...more] as const,
      body: PAGE,
    });
    origin = await HttpOrigin.start({
      "/strong": page(["ETag", '"t"'], ["Last-Modified", MODIFIED]),
      "/weak": page(["ETag", 'W/"w"'], ["Last-Modified", MODIFIED]),
      "/dated": page(["Last-Modified", MODIFIED]),
      "/plain": page(),
    });
    edge = await startTestEdge(origin.url, { rules: RULES });
    bodies = new Map();
    for (const path of ["/strong", "/weak", "/dated", "/plain"])
      for (const form of [...contentCodings, "identity"])
        bodies.set(`${path} ${form}`, await load(path, form));
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  async function load(path: string, form: string): Promise<Buffer> {
    let reply: Reply | undefined;
    await until(`${path} is there in ${form}`, async () => {
      reply = await get(edge.url, path, { headers: { "Accept-Encoding": form } });
      return formOf(reply) === form;
    });
    return reply?.body ?? Buffer.alloc(0);
  }

  function formOf(reply: Reply): string {
    return reply.header("content-encoding") ?? "identity";
  }

  function tagsOf(form: string): readonly string[] {
    return form === "identity" ? ['"t"'] : form === "br" ? ['"t-br"', '"t-br-11"'] : [`"t-${form}"`];
  }

  it("decodes to the page, whatever the client accepts, has, and wants a part of", async () => {
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(asked, async (each) => {
        const { path, accepted, ifNoneMatch, range, ifRange } = each;
        const [value, forms] = accepted;
        const given = {
          "Accept-Encoding": value,
          "If-None-Match": ifNoneMatch?.join(", "),
          Range: range,
          "If-Range": range === undefined ? undefined : ifRange,
        };
        const headers = Object.fromEntries(
          Object.entries(given).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
        );
        const reply = await get(edge.url, path, { headers });
        seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1);
        const tag = reply.header("etag");
        const form = formOf(reply);
        expect(reply.header("vary")).to.equal("Accept-Encoding");
        switch (reply.status) {
          case 200:
            expect(forms).to.include(form);
            expect(DECODE[form as FormName](reply.body).equals(PAGE)).to.equal(true);
            expect(reply.header("content-length")).to.equal(String(reply.body.length));
            if (path === "/strong") expect(tagsOf(form)).to.include(tag);
            if (ifNoneMatch === undefined && range === undefined) expect(form).to.equal(forms[0]);
            break;
          case 206: {
            expect(forms).to.include(form);
            // Of several parts each says where it begins. One does here.
            const at = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(reply.header("content-range") ?? "");
            if (at !== null) {
              // Brotli is made anew once, for a page that is asked for so often.
              const whole = [bodies.get(`${path} ${form}`), await load(path, form)].find(
                (body) => body?.length === Number(at[3]),
              );
              const part = whole?.subarray(Number(at[1]), Number(at[2]) + 1);
              expect(part === undefined ? undefined : reply.body.equals(part)).to.equal(true);
            }
            // The client adds the part to what it has of the same bytes.
            if (ifRange === undefined)
              expect(form).to.equal(forms.includes("identity") ? "identity" : forms[0]);
            else if (ifRange === MODIFIED) expect(forms).to.deep.equal(["identity"]);
            else expect(tag).to.equal(ifRange);
            break;
          }
          case 304: {
            expect(reply.body.length).to.equal(0);
            const named = ifNoneMatch ?? [];
            if (named.includes("*")) break;
            expect(named).to.include(tag);
            // It is the tag of the bytes that the client has, and it may go on using them.
            const held = path === "/strong" ? tag?.slice(3, -1).replace("-11", "") || "identity" : undefined;
            if (held !== undefined) expect(forms).to.include(held);
            break;
          }
          case 416:
            expect(range).to.equal("bytes=999999-");
            break;
          default:
            throw new Error(`unexpected status ${reply.status}`);
        }
      }),
      { numRuns: 600 },
    );
    expect([...seen.keys()].sort()).to.deep.equal([200, 206, 304, 416]);
    expect(origin.count()).to.equal(4);
  });
});
