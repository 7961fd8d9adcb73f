import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect } from "chai";
import { type CompressRules, contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin, type SeenRequest } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const COMPRESS: CompressRules = { ...NO_COMPRESSION, codings: contentCodings };
const PAGE = Array.from({ length: 400 }, (_, line) => `<p>line ${line} of ${line ** 3}</p>\n`).join("");

const accepting = (accepted: string) => ({ "Accept-Encoding": accepted });
const codingIn = (reply: Reply) => reply.header("content-encoding");

describe("rules about compression", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    const page = (type: string) => (request: SeenRequest) => ({
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Content-Type", type],
        ["ETag", '"1"'],
        // An origin that negotiates says so.
        ["Vary", "Accept-Encoding"],
        ["X-Asked", request.header("accept-encoding") ?? "nothing"],
      ] as const,
      body: PAGE,
    });
    origin = await HttpOrigin.start({
      "/page": page("text/html"),
      "/api/list": page("application/json"),
      "/logo": page("image/svg+xml"),
      "/app.js": page("text/javascript"),
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  async function start(rules: string, compress: CompressRules = NO_COMPRESSION): Promise<void> {
    edge = await startTestEdge(origin.url, { rules: writtenRules(`rules: ${rules}\n`, { compress }) });
  }

  const ask = (path: string, headers: Record<string, string>) => get(edge.url, path, { headers });

  async function coded(path: string, headers: Record<string, string>): Promise<Reply> {
    let reply = await ask(path, headers);
    await until(`${path} is there coded`, async () => {
      reply = await ask(path, headers);
      return codingIn(reply) !== undefined;
    });
    return reply;
  }

  /** After some encoding has been made of another response that was wanted later. */
  async function plain(path: string, other: string): Promise<Reply> {
    await ask(path, accepting("br"));
    await coded(other, accepting("br"));
    return ask(path, accepting("br"));
  }

  it("turn it on for what they match, and the rest is as the origin sends it", async () => {
    await start("[{match: {path: /api/**}, compress: true}]");
    const list = await coded("/api/list", accepting("gzip, br"));
    expect([codingIn(list), brotliDecompressSync(list.body).toString() === PAGE]).to.deep.equal(["br", true]);
    expect([list.header("x-asked"), list.header("etag")]).to.deep.equal(["identity", '"1-br"']);
    const page = await plain("/page", "/api/list");
    expect([codingIn(page), page.header("x-asked"), page.header("etag")]).to.deep.equal([
      undefined,
      "br",
      '"1"',
    ]);
  });

  it("turn it off for what they match, and the origin negotiates there", async () => {
    await start("[{match: {path: /page}, compress: false}]", COMPRESS);
    const page = await plain("/page", "/app.js");
    expect([codingIn(page), page.header("x-asked"), page.header("x-cache")]).to.deep.equal([
      undefined,
      "br",
      "HIT",
    ]);
    expect((await ask("/app.js", accepting("br"))).header("x-asked")).to.equal("identity");
  });

  it("say in which codings, the preferred one first", async () => {
    await start("[{match: {path: /page}, compress: [gzip, br]}]", COMPRESS);
    expect(codingIn(await coded("/page", accepting("zstd, br, gzip")))).to.equal("gzip");
    expect(codingIn(await coded("/app.js", accepting("zstd, br, gzip")))).to.equal("zstd");
  });

  it("turn it off by the type of the response, and the first rule that says something decides", async () => {
    await start(
      "[{match: {path: /app.js}, compress: true}, {match: {type: [image/svg+xml, text/javascript]}, compress: false}]",
      COMPRESS,
    );
    const logo = await plain("/logo", "/page");
    // It was asked for as if it were compressed.
    expect([codingIn(logo), logo.header("x-asked"), logo.header("x-cache")]).to.deep.equal([
      undefined,
      "identity",
      "HIT",
    ]);
    expect(codingIn(await coded("/app.js", accepting("br")))).to.equal("br");
  });

  it("give the requests of a rule that asks for a field responses of their own", async () => {
    await start("[{match: {header: {X-Old: '*'}}, compress: [gzip]}]", COMPRESS);
    const old = { ...accepting("br, gzip"), "X-Old": "1" };
    const [first, other] = [await coded("/page", old), await coded("/page", accepting("br, gzip"))];
    expect([codingIn(first), codingIn(other)]).to.deep.equal(["gzip", "br"]);
    expect(gunzipSync(first.body).toString() === PAGE).to.equal(true);
    expect(origin.count("/page")).to.equal(2);
  });

  it("come and go with a reload", async () => {
    await start("[{match: {path: /page}, compress: [br]}]");
    const rulesAre = (rules: string) =>
      edge.reload({
        sites: [
          {
            name: "default",
            hosts: [],
            origin: { kind: "http", url: origin.url },
            rules: writtenRules(`rules: ${rules}\n`),
          },
        ],
      });
    await coded("/page", accepting("br"));
    await rulesAre("[{match: {path: /page}, compress: false}]");
    expect(codingIn(await ask("/page", accepting("br")))).to.equal(undefined);
    await rulesAre("[{match: {path: /page}, compress: [gzip]}]");
    await purge(edge.control, { $case: "url", url: "/page" });
    expect(codingIn(await coded("/page", accepting("br, gzip")))).to.equal("gzip");
  });
});
