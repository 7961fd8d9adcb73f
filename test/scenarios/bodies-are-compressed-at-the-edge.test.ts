import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import { type CompressRules, contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin, type SeenRequest } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const COMPRESS: CompressRules = { ...NO_COMPRESSION, codings: contentCodings };
const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

/** A page that shrinks, with a number of its own in each line. */
function page(version: string): string {
  return Array.from({ length: 400 }, (_, line) => `<p>${version}: line ${line} of ${line ** 3}</p>\n`).join(
    "",
  );
}

const DECODE: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: (body) => gunzipSync(body),
  br: (body) => brotliDecompressSync(body),
  zstd: (body) => zstdDecompressSync(body),
};

type Line = readonly [string, string];

const text = (version: string, ...fields: readonly Line[]) => ({
  fields: [["Cache-Control", "max-age=600"], ["Content-Type", "text/html"], ...fields] as const,
  body: page(version),
});

describe("bodies that the edge compresses", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: string;

  beforeEach(async () => {
    version = "one";
    const tagged = (tag: (version: string) => string) => (request: SeenRequest) => {
      const held = tag(version);
      return request.header("if-none-match") === held
        ? { status: 304, fields: [["ETag", held] as const, ["Cache-Control", "max-age=600"] as const] }
        : text(version, ["ETag", held], ["Last-Modified", MODIFIED]);
    };
    origin = await HttpOrigin.start({
      "/strong": tagged((of) => `"${of}"`),
      "/weak": tagged((of) => `W/"${of}"`),
      "/dated": () => text(version, ["Last-Modified", MODIFIED]),
      "/plain": () => text(version),
      "/varied": () => text(version, ["Vary", "Accept-Language"], ["ETag", '"v"']),
      "/no-transform": () => text(version, ["CDN-Cache-Control", "max-age=600, no-transform"]),
      "/digest": () => text(version, ["Repr-Digest", "sha-256=:AA==:"]),
      "/private": () => text(version, ["Cache-Control", "private"]),
      "/cookie": () => text(version, ["Set-Cookie", "a=b"]),
      "/coded": () => text(version, ["Content-Encoding", "br"]),
      "/picture": () => ({
        ...text(version),
        fields: [
          ["Cache-Control", "max-age=600"],
          ["Content-Type", "image/png"],
        ],
      }),
      "/small": () => ({ ...text(version), body: "x".repeat(1_023) }),
      "/large-enough": () => ({ ...text(version), body: "x".repeat(1_024) }),
    });
    edge = await startTestEdge(origin.url, { rules: { ...SAFE_RULES, compress: COMPRESS } });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  it("are none of what a rule marks as no-transform", async () => {
    await edge.stop();
    const yaml = "rules: [{match: {path: /plain}, response-headers: {add: {Cache-Control: no-transform}}}]\n";
    edge = await startTestEdge(origin.url, { rules: writtenRules(yaml, { compress: COMPRESS }) });
    const varies = async (path: string) => (await get(edge.url, path)).header("vary");
    expect([await varies("/plain"), await varies("/dated")]).to.deep.equal([undefined, "Accept-Encoding"]);
  });

  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    get(edge.url, path, { headers: { Host: "a.example", ...headers }, method });
  const accepting = (accepted: string) => ({ "Accept-Encoding": accepted });

  /** Asks until the form is there. */
  async function coded(path: string, coding: string): Promise<Reply> {
    let reply = await ask(path, accepting(coding));
    await until(`${path} is there in ${coding}`, async () => {
      reply = await ask(path, accepting(coding));
      return reply.header("content-encoding") === coding;
    });
    return reply;
  }

  for (const [coding, decode] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
    ["zstd", zstdDecompressSync],
  ] as const) {
    it(`are sent in ${coding} to clients that accept it, once they are made behind the first answer`, async () => {
      const first = await ask("/strong", accepting(coding));
      expect(first.header("content-encoding")).to.equal(undefined);
      expect(first.header("vary")).to.equal("Accept-Encoding");
      const later = await coded("/strong", coding);
      expect(decode(later.body).toString()).to.equal(page("one"));
      expect(later.header("etag")).to.equal(`"one-${coding}"`);
      expect(later.header("content-length")).to.equal(String(later.body.length));
      expect(later.header("vary")).to.equal("Accept-Encoding");
      expect(later.header("cache-status")).to.match(new RegExp(`^edge-1; hit; ttl=\\d+; detail=${coding}$`));
      expect(origin.count("/strong")).to.equal(1);
      expect(origin.requests("/strong")[0]?.header("accept-encoding")).to.equal("identity");
    });
  }

  it("are chosen by the weights that the client gives, and then by the order of the setting", async () => {
    for (const coding of contentCodings) await coded("/strong", coding);
    const chosen = async (accepted: string) =>
      (await ask("/strong", accepting(accepted))).header("content-encoding") ?? "identity";
    for (const [accepted, expected] of [
      ["gzip, deflate, br, zstd", "zstd"],
      ["gzip, br", "br"],
      ["x-gzip", "gzip"],
      ["br;q=0.5, gzip", "gzip"],
      ["*", "zstd"],
      ["*;q=0.1, br;q=0", "zstd"],
      ["br;q=0, gzip;q=0", "identity"],
      ["identity, br;q=0.9", "identity"],
      ["identity;q=0, br;q=0.001", "br"],
      ["", "identity"],
      ["deflate", "identity"],
    ]) {
      expect(await chosen(accepted ?? ""), accepted).to.equal(expected);
    }
    expect((await ask("/strong")).header("content-encoding")).to.equal(undefined);
  });

  for (const [path, why] of [
    ["/no-transform", "says no-transform"],
    ["/digest", "has a digest of its bytes"],
    ["/coded", "comes coded from the origin"],
    ["/picture", "is of another type"],
    ["/small", "is smaller than the least size"],
  ] as const) {
    it(`are left alone when the response ${why}`, async () => {
      await ask(path, accepting("br"));
      await coded("/large-enough", "br");
      const reply = await ask(path, accepting("br, gzip"));
      expect(reply.header("cache-status")).to.match(/; hit; ttl=\d+$/);
      expect(reply.header("vary")).to.equal(undefined);
      expect(reply.header("content-encoding")).to.equal(path === "/coded" ? "br" : undefined);
    });
  }

  it("are never those of a response that is not stored", async () => {
    for (const path of ["/private", "/cookie"]) {
      for (let time = 0; time < 3; time += 1)
        expect((await ask(path, accepting("br"))).header("content-encoding"), path).to.equal(undefined);
      // From the second request on it is known that the answer is one client's own.
      expect(origin.requests(path).map((each) => each.header("accept-encoding"))).to.deep.equal([
        "identity",
        "br",
        "br",
      ]);
    }
  });

  it("are the same for HEAD, and named in Vary beside the fields of the origin", async () => {
    const whole = await coded("/varied", "br");
    const head = await ask("/varied", accepting("br"), "HEAD");
    expect(whole.header("vary")).to.equal("Accept-Language, Accept-Encoding");
    for (const name of ["content-length", "content-encoding", "etag", "vary"])
      expect(head.header(name), name).to.equal(whole.header(name));
  });

  it("keep a weak tag, and are dropped and made anew with their response", async () => {
    const first = await coded("/weak", "zstd");
    expect(first.header("etag")).to.equal('W/"one"');
    version = "two";
    expect((await stats(edge.control)).objects).to.equal(1);
    await purge(edge.control, { $case: "url", url: "/weak" });
    expect((await stats(edge.control)).objects).to.equal(0);
    const second = await coded("/weak", "zstd");
    expect(zstdDecompressSync(second.body).toString()).to.equal(page("two"));
  });

  it("never show a page that was purged while they were made", async () => {
    for (let round = 1; round <= 30; round += 1) {
      version = `version ${round}`;
      const path = `/strong?${round % 3}`;
      await purge(edge.control, { $case: "url", url: "/strong" });
      for (const coding of contentCodings) {
        const reply = await ask(path, accepting(coding));
        const decode = DECODE[reply.header("content-encoding") ?? "identity"];
        expect(decode?.(reply.body).toString()).to.equal(page(version));
      }
    }
  });

  it("come and go with the setting, when it is reloaded", async () => {
    const setting = (codings: CompressRules["codings"]) =>
      edge.reload({
        sites: [
          {
            name: "default",
            hosts: [],
            origin: { kind: "http", url: origin.url },
            rules: { ...SAFE_RULES, compress: { ...COMPRESS, codings } },
          },
        ],
      });
    await coded("/strong", "br");
    await setting([]);
    const plain = await ask("/strong", accepting("br"));
    expect([plain.text, plain.header("vary"), plain.header("etag")]).to.deep.equal([
      page("one"),
      undefined,
      '"one"',
    ]);
    await setting(["gzip"]);
    await purge(edge.control, { $case: "url", url: "/strong" });
    expect(gunzipSync((await coded("/strong", "gzip")).body).toString()).to.equal(page("one"));
    expect((await ask("/strong", accepting("br"))).header("content-encoding")).to.equal(undefined);
  });

  it("outlast a validation by the origin, which sees its own tag", async () => {
    await coded("/strong", "br");
    const validated = await ask("/strong", {
      ...accepting("br"),
      "Cache-Control": "no-cache",
      "If-None-Match": '"other"',
    });
    expect(validated.header("cache-status")).to.contain("fwd-status=304");
    expect(validated.header("content-encoding")).to.equal("br");
    expect(origin.requests("/strong").at(-1)?.header("if-none-match")).to.equal('"one"');
  });

  it("are known by their tags before they are made, so that no client loads again what it has", async () => {
    const reply = await ask("/strong", { ...accepting("br"), "If-None-Match": '"one-br"' });
    expect([reply.status, reply.header("etag"), reply.body.length]).to.deep.equal([304, '"one-br"', 0]);
    // A tag of a form that the client does not accept says nothing of what it would get.
    const other = await ask("/strong", { ...accepting("gzip"), "If-None-Match": '"one-br"' });
    expect(other.status).to.equal(200);
  });

  it("reach the origin by its own tags, in requests that only the origin may judge", async () => {
    await ask("/strong");
    await ask("/strong", { ...accepting("br"), "If-Match": '"one-br", "x"' }, "PUT");
    const seen = origin.requests("/strong").at(-1);
    expect(seen?.header("if-match")).to.equal('"one-br", "x", "one"');
    expect(seen?.header("accept-encoding")).to.equal("br");
  });
});
