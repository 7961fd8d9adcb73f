import { expect } from "chai";
import { z } from "zod";
import { systemClock } from "../../../process/clock.ts";
import { Token } from "../../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../../purge-log/memory-purge-log.ts";
import { type Asking, get, type Reply } from "../../../test/rig/http-client.ts";
import { HttpOrigin } from "../../../test/rig/http-origin.ts";
import { runAdminCli } from "../../../test/rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../../../test/rig/test-edge.ts";
import { SAFE_RULES } from "../../rules/site-rules.ts";
import { purgeStatus } from "./purge-status.ts";

interface Answers {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Answer>> }>>>
  >;
}

interface Answer {
  readonly content: Readonly<Record<string, { readonly schema: Parameters<typeof z.fromJSONSchema>[0] }>>;
}

const JSON_BODY = { "Content-Type": "application/json" };

describe("control by HTTP", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: readonly [TestEdge, TestEdge];
  let guarded: TestEdge;
  let openApi: Answers;

  before(async () => {
    const fields = [
      ["Cache-Control", "max-age=600"],
      ["Cache-Tag", "pages"],
    ] as const;
    origin = await HttpOrigin.start({ "/a": { fields, body: "a" }, "/b": { fields, body: "b" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = [
      await startTestEdge(origin.url, { id: "edge-1", purgeLog }),
      await startTestEdge(origin.url, { id: "edge-2", purgeLog }),
    ];
    const tokens = { token: new Token("full"), readToken: new Token("reading") };
    guarded = await startTestEdge(origin.url, { id: "guarded", tokens });
    openApi = JSON.parse((await get(edges[0].operator, "/openapi.json")).text);
  });
  after(async () => {
    for (const edge of [...edges, guarded]) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  /** Asks, and checks the answer against what the OpenAPI document says of it. */
  async function call(path: string, asking: Asking = {}, edge: TestEdge = edges[0]): Promise<Reply> {
    const reply = await get(edge.operator, path, asking);
    const known = path.replace(/\?.*/, "").replace(/^\/edges\/.+/, "/edges/{edge}");
    const operation = openApi.paths[known]?.[(asking.method ?? "GET").toLowerCase()];
    const type = reply.header("content-type")?.split(";")[0] ?? "";
    const schema = operation?.responses[reply.status]?.content[type]?.schema;
    if (schema === undefined)
      throw new Error(`${path} ${reply.status} ${type} is not in the document: ${reply.text}`);
    z.fromJSONSchema(schema).parse(JSON.parse(reply.text));
    return reply;
  }

  const purge = (body: unknown, headers: Readonly<Record<string, string>> = {}, edge?: TestEdge) =>
    call(
      "/purge",
      { method: "POST", headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) },
      edge,
    );
  const detail = (reply: Reply) => JSON.parse(reply.text).detail;
  const fill = async () => {
    for (const { url } of edges) for (const target of ["/a", "/b"]) await get(url, target);
  };

  it("purges on every edge, and the answer has the receipts of all", async () => {
    await fill();
    const reply = await purge({ urls: ["/a"] }, { "Idempotency-Key": '"release-1"' });
    expect(reply.status).to.equal(200);
    const { purgeId, outcome, edges: receipts } = JSON.parse(reply.text);
    expect([purgeId, outcome]).to.deep.equal(["release-1", "applied"]);
    expect(receipts.map(({ edge, state, objects }: never) => [edge, state, objects])).to.deep.equal([
      ["edge-1", "applied", 1],
      ["edge-2", "applied", 1],
    ]);
    expect((await get(edges[1].url, "/a")).header("x-cache")).to.equal("MISS");
    expect((await get(edges[1].url, "/b")).header("x-cache")).to.equal("HIT");
  });

  it("purges once for an id, and refuses the id for another purge", async () => {
    await purge({ tags: ["pages"] }, { "Idempotency-Key": "release-2" });
    await fill();
    expect((await purge({ tags: ["pages"] }, { "Idempotency-Key": "release-2" })).status).to.equal(200);
    expect((await get(edges[0].url, "/a")).header("x-cache")).to.equal("HIT");
    const other = await purge({ all: true }, { "Idempotency-Key": "release-2" });
    expect(other.status).to.equal(400);
    expect(detail(other)).to.match(/^Idempotency-Key: must be new, or stand for the same targets/);
  });

  it("counts in a dry run, and purges nothing", async () => {
    await fill();
    const reply = await purge({ prefixes: ["/"], dryRun: true });
    expect(reply.status).to.equal(200);
    const { position, edges: receipts } = JSON.parse(reply.text);
    expect([position, receipts.length, receipts[0].objects]).to.deep.equal(["", 1, 2]);
    expect((await get(edges[0].url, "/a")).header("x-cache")).to.equal("HIT");
  });

  it("says 202 of a purge that is not proven yet, with the edge that it waits for", async () => {
    const waited = await purge({ urls: ["/a"], wait: "0" });
    const { outcome } = JSON.parse(waited.text);
    expect(waited.status).to.equal(outcome === "applied" ? 200 : 202);
    const statuses = ["applied", "pending", "rejected", "unknown"].map(purgeStatus);
    expect(statuses).to.deep.equal([200, 202, 503, 503]);
  });

  it("says what is wrong by field, rule and value", async () => {
    const refused = await purge({ urls: ["/a", "no-path"] });
    expect(refused.status).to.equal(400);
    expect(refused.header("content-type")).to.match(/^application\/problem\+json/);
    expect(detail(refused)).to.match(/^urls\[1\]: must be a path beginning with "\/".*: got "no-path"$/);
    expect(detail(await purge({ urls: ["/a"], sites: ["nowhere"] }))).to.equal(
      'sites: must be one of default: got "nowhere"',
    );
    expect(detail(await purge({ urls: ["/a"], wait: "61s" }))).to.equal('wait: must be 0s to 60s: got "61s"');
    expect(detail(await call("/purges?limit=0"))).to.match(/^limit: must be a whole number from 1 to 1000/);
    expect(detail(await call("/purges?limit=1001"))).to.match(/^limit: must be 1 to 1000/);
    expect(detail(await call("/stats?x=1"))).to.equal('query: must not be given: got "x"');
    expect(detail(await call("/explain"))).to.match(/^url: must be given/);
    expect(detail(await call("/explain?url=/a&url=/b"))).to.match(/^url: must be given once/);
    expect(detail(await call("/explain?url=/a&field=x"))).to.equal('field: must be "Name: value": got "x"');
  });

  it("takes JSON only, of at most 64 KiB", async () => {
    const post = (headers: Readonly<Record<string, string>>, body: string) =>
      call("/purge", { method: "POST", headers, body });
    const form = await post({ "Content-Type": "text/plain" }, '{"all":true}');
    expect([form.status, detail(form)]).to.deep.equal([
      415,
      'Content-Type: must be application/json: got "text/plain"',
    ]);
    expect((await post({}, '{"all":true}')).status).to.equal(415);
    expect((await post({ ...JSON_BODY, "Content-Encoding": "gzip" }, "x")).status).to.equal(415);
    expect(detail(await post(JSON_BODY, '{"all":'))).to.match(
      /^body: must be JSON in UTF-8 of at most 65536 bytes/,
    );
    const body = (bytes: number) => {
      const start = '{"all":true,"wait":"1s"';
      return `${start}${" ".repeat(bytes - start.length - 1)}}`;
    };
    expect((await post(JSON_BODY, body(65_536))).status).to.equal(200);
    expect((await post(JSON_BODY, body(65_537))).status).to.equal(413);
  });

  it("answers as admin-cli does", async () => {
    await fill();
    const cli = async (...argv: string[]) =>
      JSON.parse((await runAdminCli([...argv, "--json", "--edge", edges[0].control], {})).stdout);
    const keys = (rows: readonly object[]) => rows.map((row) => Object.keys(row));
    const asked = async (path: string) => JSON.parse((await call(path)).text);
    // The states of the other edge arrive with its heartbeats.
    const known = ({ purges }: { purges: readonly { edges: readonly object[] }[] }) =>
      purges.map(({ edges: receipts, ...record }) => ({ ...record, receipts: keys(receipts) }));
    const purges = known(await asked("/purges?limit=3"));
    expect(purges).to.have.length(3);
    expect(purges).to.deep.equal(known(await cli("purges", "--limit", "3")));
    const explained = await asked("/explain?url=/b&field=Accept-Encoding:%20gzip");
    const byCli = await cli("explain", "/b", "--field", "Accept-Encoding: gzip");
    expect(Object.keys(explained)).to.deep.equal(Object.keys(byCli));
    expect(explained.key).to.equal(byCli.key);
    const [stats] = (await cli("stats")).edges;
    expect(keys((await asked("/stats")).edges)).to.deep.equal(keys([stats]));
    const top = await asked("/top?by=misses&limit=1");
    expect([top.by, keys(top.rows)]).to.deep.equal(["misses", keys((await cli("top", "--limit", "1")).rows)]);
    const listed = (await asked("/edges")).edges;
    expect(keys(listed)).to.deep.equal(keys((await cli("edges")).edges));
    expect(listed.map(({ edge, state }: never) => [edge, state])).to.deep.equal([
      ["edge-1", "serving"],
      ["edge-2", "unknown"],
    ]);
    expect((await asked("/findings")).healthy).to.be.a("boolean");
    expect(Object.keys(await asked("/findings"))).to.deep.equal(Object.keys(await cli("doctor")));
  });

  it("says why it does not read settings again, or forget an edge", async () => {
    const reload = await call("/reload", { method: "POST" });
    expect([reload.status, detail(reload)]).to.deep.equal([
      409,
      "settings: must be those of a program of its own to be read again: edge-1 shares its process",
    ]);
    const serving = await call("/edges/edge-2", { method: "DELETE" });
    expect(serving.status).to.equal(409);
    expect((await call("/edges/nobody", { method: "DELETE" })).status).to.equal(404);
  });

  it("has the rights of gRPC: the token for what changes something, the read token for the rest", async () => {
    const as = (token: string | undefined) =>
      token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const status = async (token: string | undefined) => [
      (await purge({ all: true }, as(token), guarded)).status,
      (await call("/reload", { method: "POST", headers: as(token) }, guarded)).status,
      (await call("/edges/nobody", { method: "DELETE", headers: as(token) }, guarded)).status,
      (await call("/stats", { headers: as(token) }, guarded)).status,
    ];
    expect(await status(undefined)).to.deep.equal([401, 401, 401, 401]);
    expect(await status("wrong")).to.deep.equal([401, 401, 401, 401]);
    expect(await status("reading")).to.deep.equal([401, 401, 401, 200]);
    expect(await status("full")).to.deep.equal([200, 409, 404, 200]);
    const refused = await purge({ all: true }, as("reading"), guarded);
    expect(refused.header("www-authenticate")).to.equal("Bearer");
    expect(detail(refused)).to.match(/^authorization: must be the field .*: got the read token$/);
    const metrics = (await get(guarded.operator, "/metrics")).text;
    expect(metrics).to.match(/calls_refused_total\{[^}]*unauthenticated[^}]*\} [1-9]/);
  });

  it("refuses pages of other sites, and names of other programs", async () => {
    const post = (headers: Readonly<Record<string, string>>) =>
      get(edges[0].operator, "/purge", {
        method: "POST",
        headers: { ...JSON_BODY, ...headers },
        body: '{"all":true}',
      });
    expect((await post({ Origin: "http://evil.example" })).status).to.equal(403);
    const form = {
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Mode": "navigate",
      "Sec-Fetch-Dest": "document",
    };
    expect((await post(form)).status).to.equal(403);
    expect((await post({ Host: "rebound.example" })).status).to.equal(421);
  });

  it("says whether the origins are reached, since when, and why not", async () => {
    const gone = await HttpOrigin.start({});
    const site = (name: string, url: URL) =>
      ({ name, hosts: [`${name}.example`], origin: { kind: "http", url }, rules: SAFE_RULES }) as const;
    const edge = await startTestEdge(origin.url, { sites: [site("up", origin.url), site("down", gone.url)] });
    await gone.stop();
    const { origins } = JSON.parse((await call("/origins", {}, edge)).text);
    expect(origins.map(({ site: name, state }: never) => [name, state])).to.deep.equal([
      ["down", "unreachable"],
      ["up", "reachable"],
    ]);
    expect(origins[0].error).to.be.a("string");
    const ready = await get(edge.operator, "/readyz");
    expect([ready.status, JSON.parse(ready.text).warnings]).to.deep.equal([
      200,
      ["origin of site down cannot be reached"],
    ]);
    const metrics = (await get(edge.operator, "/metrics")).text;
    expect(metrics).to.match(/^edgecache_edge_origins_unreachable\{[^}]*\} 1$/m);
    const ping = JSON.parse((await runAdminCli(["ping", "--json", "--edge", edge.control])).stdout);
    expect(ping.edges[0].originsUnreachable).to.equal(1);
    await edge.stop();
  });

  it("names the methods of a path", async () => {
    const reply = await get(edges[0].operator, "/purge");
    expect([reply.status, reply.header("allow")]).to.deep.equal([405, "POST"]);
  });
});
