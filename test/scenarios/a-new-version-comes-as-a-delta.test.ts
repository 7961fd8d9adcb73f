import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const LINES = Array.from({ length: 600 }, (_, line) => `line ${line} of ${(line * 7_919) ** 2 % 10_007}\n`);

/** Each version is as long as the others, and has a line of its own. */
function page(version: number): string {
  return LINES.with(version, `this is version ${version}\n`).join("");
}

const hashOf = (version: number) => `:${createHash("sha256").update(page(version)).digest("base64")}:`;

type Lines = Readonly<Record<string, string>>;

const SECURE: Lines = { Host: "a.example", "X-Forwarded-Proto": "https" };
const BROWSER: Lines = { ...SECURE, "Accept-Encoding": "gzip, br, zstd, dcb, dcz" };

/** A browser that has this version. */
const having = (version: number): Lines => ({ ...BROWSER, "Available-Dictionary": hashOf(version) });

/** The page, by what a client has of it that has this version. */
function decoded(reply: Reply, version: number): string {
  switch (reply.header("content-encoding")) {
    case undefined:
      return reply.text;
    case "zstd":
      return zstdDecompressSync(reply.body).toString();
    case "dcz":
      return zstdDecompressSync(reply.body.subarray(40), {
        dictionary: Buffer.from(page(version)),
      }).toString();
    default:
      throw new Error(`not asked for: ${reply.header("content-encoding")}`);
  }
}

// RFC 9842.
describe("a new version of a page whose previous one is a dictionary", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: number;
  let router: TestRouter | undefined;
  let tags: (version: number) => string;
  let lifetime: string;

  const start = async (rule = "dictionary: previous", workers = 1): Promise<void> => {
    const rules = writtenRules(`rules: [{match: {path: /app/**}, ${rule}}]\n`);
    edge = await startTestEdge(origin.url, { rules, workers, trustedProxies: ["127.0.0.1"] });
  };

  beforeEach(async () => {
    version = 1;
    tags = () => "app";
    lifetime = "max-age=600";
    origin = await HttpOrigin.start();
    const answer = () => ({
      fields: [
        ["Cache-Control", lifetime],
        ["Content-Type", "text/javascript"],
        ["ETag", `"${version}"`],
        ["Cache-Tag", tags(version)],
      ] as const,
      body: page(version),
    });
    for (const path of ["/app/main.js", "/app/main.js?b=1", "/other.js"]) origin.answer(path, answer);
  });

  afterEach(async () => {
    await router?.running.stop();
    router = undefined;
    await edge.stop();
    await origin.stop();
  });

  const ask = (headers: Lines = BROWSER, path = "/app/main.js", method = "GET"): Promise<Reply> =>
    get(router?.base ?? edge.url, path, { headers, method });

  /** The next version, which the first request fetches. */
  async function renew(headers = BROWSER, soft = true): Promise<void> {
    await purge(edge.control, { $case: "url", url: "/app/main.js" }, { soft });
    version += 1;
    expect((await ask(headers)).text).to.equal(page(version));
  }

  /** Waits for the delta to the version that is there, from the one before. */
  async function delta(): Promise<Reply> {
    let reply = await ask(having(version - 1));
    await until("the delta is there", async () => {
      reply = await ask(having(version - 1));
      return reply.header("content-encoding") === "dcz";
    });
    return reply;
  }

  /** All that was wanted so far has been made. */
  async function made(): Promise<void> {
    await until("it is there in zstd", async () => (await ask()).header("content-encoding") === "zstd");
  }

  for (const workers of [1, 3])
    it(`comes as what has changed, to browsers that have the previous one, with ${workers} threads`, async () => {
      await start("dictionary: previous", workers);
      const first = await ask();
      expect([first.text === page(1), first.header("vary"), first.header("use-as-dictionary")]).to.deep.equal(
        [true, "Accept-Encoding, Available-Dictionary", 'match="/app/main.js"'],
      );
      await renew();
      const reply = await delta();
      expect(decoded(reply, 1)).to.equal(page(2));
      expect(reply.body.length).to.be.lessThan(page(2).length / 20);
      expect(reply.body.subarray(8, 40).toString("base64")).to.equal(hashOf(1).slice(1, -1));
      expect(reply.header("content-length")).to.equal(String(reply.body.length));
      expect(reply.header("vary")).to.equal("Accept-Encoding, Available-Dictionary");
      expect(reply.header("etag")).to.equal('W/"2-dcz"');
      expect(reply.header("use-as-dictionary")).to.equal('match="/app/main.js"');
      expect(reply.header("cache-status")).to.match(/; hit; ttl=\d+; detail=dcz$/);
      // On a connection that stays open.
      const connection = await RawConnection.open(edge.url);
      const lines = Object.entries(having(1)).map(([name, value]) => `${name}: ${value}`);
      for (let time = 0; time < 3; time += 1) {
        const text = ["GET /app/main.js HTTP/1.1", ...lines, "", ""].join("\r\n");
        const again = await connection.send(text).reply();
        expect([again.header("Content-Encoding"), again.header("ETag")]).to.deep.equal(["dcz", 'W/"2-dcz"']);
        expect(Buffer.from(again.body, "latin1").equals(reply.body)).to.equal(true);
      }
      connection.socket.destroy();
      expect(origin.count("/app/main.js")).to.equal(2);
      expect(origin.requests("/app/main.js").map((each) => each.header("accept-encoding"))).to.deep.equal([
        "identity",
        "identity",
      ]);
    });

  it("comes as ever to all others", async () => {
    await start();
    await ask();
    await renew();
    await delta();
    await made();
    const coding = async (headers: Lines) => (await ask(headers)).header("content-encoding");
    const site = (value: string, mode: string) => ({
      ...having(1),
      "Sec-Fetch-Site": value,
      "Sec-Fetch-Mode": mode,
    });
    for (const [who, headers, expected] of [
      ["has no dictionary", BROWSER, "zstd"],
      ["has an older one", having(0), "zstd"],
      ["has this version", having(2), "zstd"],
      ["does not name the coding", { ...having(1), "Accept-Encoding": "zstd, dcb" }, "zstd"],
      ["prefers another coding", { ...having(1), "Accept-Encoding": "zstd, dcz;q=0.5" }, "zstd"],
      ["comes by HTTP", { ...having(1), "X-Forwarded-Proto": "http" }, undefined],
      ["may not read the answer", site("cross-site", "no-cors"), "zstd"],
      ["shows the page", site("cross-site", "navigate"), "dcz"],
      ["is of the same origin", site("same-origin", "no-cors"), "dcz"],
    ] as const)
      expect(await coding(headers), who).to.equal(expected);
    // By HTTP it is another URL. However many dictionaries clients name, there is one response for each.
    expect((await stats(edge.control)).objects).to.equal(2);
    expect(origin.requests().every((each) => each.header("available-dictionary") === undefined)).to.equal(
      true,
    );
  });

  it("is known by the tag of its delta, when the dictionary has gone, too", async () => {
    await start();
    await ask();
    await renew();
    const whole = await delta();
    for (const headers of [having(1), BROWSER, SECURE]) {
      const known = await ask({ ...headers, "If-None-Match": 'W/"2-dcz"' });
      expect([known.status, known.header("etag"), known.body.length]).to.deep.equal([304, 'W/"2-dcz"', 0]);
      expect(known.header("vary")).to.equal("Accept-Encoding, Available-Dictionary");
    }
    expect((await ask({ ...having(1), "If-None-Match": 'W/"1-dcz"' })).status).to.equal(200);
    const head = await ask(having(1), "/app/main.js", "HEAD");
    for (const name of ["content-length", "content-encoding", "etag", "vary"])
      expect(head.header(name), name).to.equal(whole.header(name));
    const part = await ask({ ...having(1), Range: "bytes=0-9" });
    expect([part.status, part.text]).to.deep.equal([206, page(2).slice(0, 10)]);
  });

  it("comes as a delta after another one, from the version just before it", async () => {
    await start();
    await ask();
    for (const next of [2, 3, 4]) {
      await renew();
      expect(decoded(await delta(), next - 1)).to.equal(page(next));
      expect((await ask(having(next - 2))).header("content-encoding")).not.to.equal("dcz");
    }
  });

  it("comes as a delta to everybody when the edge has fetched it by itself", async () => {
    await start();
    await ask();
    version = 2;
    await purge(edge.control, { $case: "url", url: "/app/main.js" }, { soft: true, pace: 100 });
    await until("it has been fetched", () => origin.count("/app/main.js") === 2);
    expect(decoded(await delta(), 1)).to.equal(page(2));
    expect(origin.count("/app/main.js")).to.equal(2);
  });

  it("comes as a delta after a refresh behind a stale answer", async () => {
    lifetime = "max-age=0, stale-while-revalidate=600";
    await start();
    await ask();
    version = 2;
    // Each answer is stale, and has the edge ask anew.
    const reply = await delta();
    expect([decoded(reply, 1) === page(2), reply.header("cache-status")?.includes("stale")]).to.deep.equal([
      true,
      true,
    ]);
  });

  it("comes as a delta through a router", async () => {
    await start();
    const edges = { kind: "listed", grpcAddresses: [edge.control] } as const;
    router = await startTestRouter([], { edges, trustedProxies: ["127.0.0.1"] });
    await until("the router knows the edge", async () => (await ask()).status === 200);
    await renew();
    expect(decoded(await delta(), 1)).to.equal(page(2));
  });

  it("has its delta still when the origin sends the same once more", async () => {
    await start();
    await ask();
    await renew();
    await delta();
    // Another tag, and the same bytes.
    origin.answer("/app/main.js", {
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Content-Type", "text/javascript"],
        ["ETag", '"again"'],
        ["Cache-Tag", "app"],
      ],
      body: page(2),
    });
    await purge(edge.control, { $case: "url", url: "/app/main.js" }, { soft: true });
    await ask();
    expect((await delta()).header("etag")).to.equal('W/"again-dcz"');
  });

  for (const [how, target] of [
    ["URL", { $case: "url", url: "/app/main.js" }],
    ["tag", { $case: "tag", tag: "app" }],
    ["prefix", { $case: "prefix", prefix: "/app" }],
    ["everything", { $case: "everything", everything: true }],
  ] as const) {
    it(`is made of nothing that a purge by ${how} has taken`, async () => {
      await start();
      await ask();
      await purge(edge.control, target);
      version = 2;
      await ask();
      await made();
      expect((await ask(having(1))).header("content-encoding")).to.equal("zstd");
    });

    it(`takes its delta along when a purge by ${how} takes it`, async () => {
      await start();
      await ask();
      await renew();
      await delta();
      await purge(edge.control, target);
      expect((await stats(edge.control)).objects).to.equal(0);
      version = 3;
      for (const old of [1, 2]) {
        const reply = await ask(having(old));
        expect(reply.header("content-encoding")).not.to.equal("dcz");
        expect(decoded(reply, old)).to.equal(page(3));
      }
      await made();
      for (const old of [1, 2]) expect((await ask(having(old))).header("content-encoding")).to.equal("zstd");
    });
  }

  it("has no delta when a later purge could mean the previous version alone", async () => {
    tags = (of) => (of === 1 ? "app, old" : of === 2 ? "app" : "app, more");
    await start();
    await ask();
    await renew();
    await made();
    expect((await ask(having(1))).header("content-encoding")).to.equal("zstd");
    await renew();
    expect(decoded(await delta(), 2)).to.equal(page(3));
  });

  it("is never mixed up, whatever is purged and whichever version a browser has", async () => {
    await start();
    await ask();
    for (let round = 0; round < 30; round += 1) {
      await renew(having(version), round % 3 !== 0);
      for (const old of [version - 2, version - 1, version].filter((each) => each > 0)) {
        const reply = await ask(having(old));
        expect(decoded(reply, old)).to.equal(page(version));
        if (reply.header("content-encoding") === "dcz") expect(old).to.equal(version - 1);
      }
    }
  });

  it("is no dictionary where a rule gives it another path, or does not compress it", async () => {
    await start("dictionary: previous, rewrite: /other.js");
    const moved = await ask();
    expect([moved.text === page(1), moved.header("use-as-dictionary")]).to.deep.equal([true, undefined]);
    await edge.stop();
    const rules = writtenRules(
      "rules: [{match: {path: '/**/*.js'}, compress: false}, {match: {path: /app/**}, dictionary: previous}]\n",
    );
    edge = await startTestEdge(origin.url, { rules, trustedProxies: ["127.0.0.1"] });
    const plain = await ask();
    expect([plain.header("use-as-dictionary"), plain.header("vary")]).to.deep.equal([undefined, undefined]);
  });

  it("has its query in the pattern, where there is one", async () => {
    await start();
    const reply = await ask(BROWSER, "/app/main.js?b=1");
    expect(reply.header("use-as-dictionary")).to.equal('match="/app/main.js\\\\?b=1"');
  });
});
