import { brotliDecompressSync } from "node:zlib";
import { expect } from "chai";
import { contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { RawConnection, type RawReply } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const RULES = writtenRules("rules: [{match: {path: /plain}, compress: false}]\n", {
  compress: { ...NO_COMPRESSION, codings: contentCodings },
});
const THREADS = 3;
// Each has a connection that stays open, which the kernel gives to some thread.
const CLIENTS = 9;

/** Lines of a page in the record of the store, of one beside it, and of one that is too large to be copied. */
const SIZES = { "/plain": 200, "/small": 200, "/large": 2_000, "/huge": 12_000 } as const;

describe("compression at an edge of several threads", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: number;
  let connections: RawConnection[];

  const page = (path: keyof typeof SIZES): string =>
    Array.from({ length: SIZES[path] }, (_, line) => `version ${version}, line ${line}, ${line ** 3}\n`).join(
      "",
    );

  beforeEach(async () => {
    version = 1;
    origin = await HttpOrigin.start();
    for (const path of ["/plain", "/small", "/large", "/huge"] as const)
      origin.answer(path, () => ({
        fields: [
          ["Cache-Control", "max-age=600"],
          ["Content-Type", "text/plain"],
          ["ETag", `"${version}"`],
        ],
        body: page(path),
      }));
    edge = await startTestEdge(origin.url, { workers: THREADS, rules: RULES });
    connections = await Promise.all(Array.from({ length: CLIENTS }, () => RawConnection.open(edge.url)));
  });

  afterEach(async () => {
    for (const { socket } of connections) socket.destroy();
    await edge.stop();
    await origin.stop();
  });

  const clients = (path: string, ...lines: readonly string[]): Promise<RawReply[]> =>
    Promise.all(
      connections.map((connection) =>
        connection
          .send([`GET ${path} HTTP/1.1`, "Host: a", "Accept-Encoding: br", ...lines, "", ""].join("\r\n"))
          .reply(),
      ),
    );

  const decoded = (reply: RawReply): string => {
    const body = Buffer.from(reply.body, "latin1");
    return (reply.header("Content-Encoding") === "br" ? brotliDecompressSync(body) : body).toString();
  };

  const isCoded = (reply: RawReply): boolean => reply.header("Content-Encoding") === "br";

  for (const path of ["/small", "/large", "/huge"] as const) {
    it(`gives ${path.slice(1)} bodies in the form that was made, at every thread, until a purge`, async () => {
      for (let round = 0; round < 3; round += 1) {
        let replies: RawReply[] = [];
        await until("every client gets it in br", async () => {
          replies = await clients(path);
          for (const reply of replies) expect(decoded(reply) === page(path)).to.equal(true);
          return replies.every(isCoded);
        });
        for (const reply of replies) {
          expect(reply.header("ETag")).to.equal(`"${version}-br"`);
          expect(reply.header("Vary")).to.equal("Accept-Encoding");
        }
        const known = await clients(path, `If-None-Match: "${version}-br"`);
        expect(new Set(known.map(({ status }) => status))).to.deep.equal(new Set([304]));
        const parts = await clients(path, "Range: bytes=10-19", `If-Range: "${version}-br"`);
        const whole = replies[0]?.body;
        for (const part of parts) expect([part.status, part.body]).to.deep.equal([206, whole?.slice(10, 20)]);
        version += 1;
        await purge(edge.control, { $case: "url", url: path });
      }
    });
  }

  it("leaves alone what a rule excepts, at every thread", async () => {
    await clients("/plain");
    await until("another page is there in br", async () => (await clients("/small")).every(isCoded));
    for (const reply of await clients("/plain"))
      expect([isCoded(reply), reply.header("ETag"), reply.header("X-Cache")]).to.deep.equal([
        false,
        '"1"',
        "HIT",
      ]);
  });

  it("makes what only a serving thread has missed", async () => {
    // The first request, which goes through the control thread, wants no coding.
    const [first, ...others] = connections;
    if (first === undefined) throw new Error("there is a client");
    await first.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n").reply();
    await first.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n").reply();
    expect(others.length).to.be.greaterThan(THREADS);
    await until("it is there in br", async () => (await clients("/small")).every(isCoded));
    const { requests, misses } = await stats(edge.control);
    expect([requests > 10, misses]).to.deep.equal([true, 1]);
  });
});
