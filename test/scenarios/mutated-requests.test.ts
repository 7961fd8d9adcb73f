import { METHODS } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import type { Refusal } from "../../http/message/refusal.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { ExchangeStreams } from "../../http/server/exchange-streams.ts";
import type { HttpServer } from "../../http/server/http-server.ts";
import { systemClock } from "../../process/clock.ts";
import { mutated } from "../rig/mutated-message.ts";
import { type NodeRequest, nodeRequests } from "../rig/node-parser.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { refusalText, startTestServer } from "../rig/test-server.ts";

const GOOD = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n";
const MESSAGES = [
  GOOD,
  `${GOOD}${GOOD}`,
  "GET /a?b=c HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n",
  'GET http://a:80/y HTTP/1.1\r\nHost: a\r\nUser-Agent: x (y; z) "w"\r\nCookie: a=b; c=d\r\n\r\n',
  `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${GOOD}`,
  `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${GOOD}`,
  'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;n="q\\"";m=v\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n',
  "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
];

/** Why our server ends a connection on which node's would read another request. */
type Stricter = Refusal | "http-1.0" | "method-unknown-to-node";

/** Every disagreement with node's parser. There it takes a request; here it is refused. */
const REASONS: Partial<Record<Stricter, string>> = {
  "http-1.0": "RFC 9112 section 9.3: a proxy keeps no connection to a client of HTTP/1.0",
  "method-unknown-to-node": "RFC 9110 section 16.1: methods are extensible, and node has a fixed list",
  "http-version": "HTTP/2.0 is not spoken in the form of HTTP/1.1",
  "no-host": "RFC 9112 section 3.2; node's server is told not to ask for it",
  "two-host-fields": "RFC 9112 section 3.2",
  "malformed-host": "RFC 9112 section 3.2",
  "host-mismatch": "RFC 9112 section 3.2.2: some programs look at Host, others at the target",
  "target-form": "RFC 9112 section 3.2: four forms, of which two are served",
  "target-authority": "RFC 9110 section 4.2.4: no user information, a port from 1 to 65535",
  "target-character":
    "RFC 3986 section 2: printable ASCII only, and a backslash is a slash for some programs",
  "target-fragment": "RFC 9112 section 3.2: a target has no fragment",
  "target-percent": "RFC 3986 section 2.1",
  "target-control": "an encoded NUL, CR or LF, which a later program would decode",
  "malformed-request-line": "RFC 9112 section 3: single spaces; node takes several",
  "malformed-method":
    "RFC 9112 section 2.2: one empty line before a request is ignored; node skips every CR and LF",
  "unknown-transfer-coding": "RFC 9112 section 6.1: 501 to a coding that is not understood",
  expectation: "RFC 9110 section 10.1.1: 417",
  "malformed-body": "RFC 9112 section 7.1.1: chunk extensions in their exact form",
};

// Another seed shows other mutations: MUTATION_SEED.
const SEED = Number(process.env.MUTATION_SEED ?? 9);
const RUNS = 20_000;
const AT_A_TIME = 50;

describe("20,000 mutated requests", () => {
  let server: HttpServer;
  let base: string;

  before(async () => {
    ({ server, url: base } = await startTestServer((exchange) => void echo(exchange)));
  });

  after(() => server.close(0));

  it("are read on a socket as node's own parser reads them, or refused for a reason that stands here", async function () {
    this.timeout(300_000);
    const messages = fc.sample(mutated(MESSAGES), { numRuns: RUNS, seed: SEED });
    const disagreements: string[] = [];
    let taken = 0;
    const next = messages[Symbol.iterator]();
    const worker = async () => {
      for (const message of next) {
        const ours = await readHere(message);
        const nodes = (await nodeRequests(Buffer.from(message, "latin1"))).map((each) => ({
          ...each,
          trailers: [],
        }));
        const known = ours.requests.findIndex(({ method }) => !METHODS.includes(method));
        const comparable = known < 0 ? ours.requests : ours.requests.slice(0, known);
        const label = JSON.stringify(message);
        taken += comparable.length;
        if (!isDeepStrictEqual(comparable, nodes.slice(0, comparable.length))) disagreements.push(label);
        if (nodes.length <= comparable.length) continue;
        const reason = known >= 0 ? "method-unknown-to-node" : ours.end(comparable.at(-1));
        if (reason === undefined || !(reason in REASONS)) disagreements.push(`${reason}: ${label}`);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    expect(disagreements).to.deep.equal([]);
    expect(taken).to.be.greaterThan(RUNS / 10);
  });

  /** Sends the bytes, closes the sending half, and collects what was read. */
  async function readHere(message: string): Promise<{
    readonly requests: readonly NodeRequest[];
    end(last: NodeRequest | undefined): Stricter | undefined;
  }> {
    const client = await RawConnection.open(base);
    client.socket.end(message, "latin1");
    const lines = (await client.rest()).split("\r\n");
    const values = (name: string) =>
      lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length));
    const requests = values("X-Request: ").map((text): NodeRequest => JSON.parse(decodeURIComponent(text)));
    const [refused] = values("X-Refused: ");
    return {
      requests,
      end: (last) => (refused as Refusal | undefined) ?? (last?.version === "1.0" ? "http-1.0" : undefined),
    };
  }
});

/** Answers with what was read. Trailers are dropped (RFC 9110 section 6.5.1), here and in what node gave. */
async function echo(exchange: Exchange): Promise<void> {
  const streams = new ExchangeStreams(exchange, systemClock, (why) => {
    if (why === "client-left") return;
    exchange.closeAfter();
    exchange.begin(refusalText("malformed-body"));
    exchange.finish();
  });
  const chunks = await Array.fromAsync(streams.body ?? []).catch(() => undefined);
  if (chunks === undefined) return;
  const { method, target, fields } = exchange.request;
  const { version, raw } = fields;
  const content = Buffer.concat(chunks).toString("latin1");
  const read: NodeRequest = { method, target, version, raw, content, trailers: [] };
  streams.begin(`HTTP/1.1 200 OK\r\nX-Request: ${encodeURIComponent(JSON.stringify(read))}\r\n`, 0);
  streams.finish();
}
