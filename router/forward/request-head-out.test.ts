import { expect } from "chai";
import type { RequestHead } from "../../http/message/request-head.ts";
import { RequestHeads } from "../../http/message/request-head.ts";
import { peerAt } from "../../http/server/peer.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { ownLines, RequestLines, requestHeadOut } from "./request-head-out.ts";

const nobody = new TrustedProxies([]);

const ADDED = [
  'Forwarded: for=192.0.2.7;host="www.example";proto=http',
  "X-Forwarded-For: 192.0.2.7",
  "X-Forwarded-Proto: http",
  "X-Forwarded-Host: www.example",
  "Via: 1.1 edgecache-router",
];

function requestOf(...lines: readonly string[]): RequestHead {
  const read = new RequestHeads().read(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  if (read.kind !== "head") throw new Error(`no head: ${JSON.stringify(read)}`);
  return read.head;
}

function linesOf(head: string): string[] {
  expect(head.endsWith("\r\n\r\n")).to.equal(true);
  return head.slice(0, -4).split("\r\n");
}

/** Edges read requests as the router does. */
function isTakenByAnEdge(head: string): boolean {
  return new RequestHeads().read(Buffer.from(head, "latin1")).kind === "head";
}

function toEdge(...lines: readonly string[]): string[] {
  const request = requestOf("GET /a HTTP/1.1", "Host: www.example", ...lines);
  return linesOf(
    requestHeadOut(request, new RequestLines(peer("192.0.2.7"), nobody).of(request).lines, "127.0.0.1:8081"),
  );
}

const START = ["GET /a HTTP/1.1", "Host: www.example"];

const peer = (address: string) => peerAt(address, "http", nobody);

describe("the head of a forwarded request", () => {
  it("keeps the fields' order, case and duplicates", () => {
    const lines = ["X-A: 1", "accept: */*", "x-a: 2"];
    expect(toEdge(...lines)).to.deep.equal([...START, ...lines, ...ADDED]);
  });

  it("puts a request into a trace in place of the one of a client that is not trusted", () => {
    const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const lines = [`traceparent: ${trace}`, "tracestate: a=b"];
    const request = requestOf("GET /a HTTP/1.1", "Host: www.example", ...lines);
    const sent = (address: string, traces: boolean) => {
      const proxies = new TrustedProxies(["192.0.2.8"]);
      const from = peerAt(address, "http", proxies);
      return new RequestLines(from, proxies, false, traces).of(request).lines.split("\r\n").slice(0, 2);
    };
    expect(sent("192.0.2.7", false)).to.deep.equal(lines);
    expect(sent("192.0.2.7", true)).to.not.include.members(["tracestate: a=b"]);
    expect(sent("192.0.2.8", true)[0]).to.equal("tracestate: a=b");
    for (const address of ["192.0.2.7", "192.0.2.8"])
      expect(sent(address, true).join()).to.not.contain(trace);
    const context = { traceId: "c".repeat(32), spanId: "d".repeat(16), sampled: false };
    expect(ownLines("1", context)).to.equal(
      `X-Request-Id: 1\r\ntraceparent: 00-${"c".repeat(32)}-${"d".repeat(16)}-00\r\n`,
    );
  });

  it("loses what is for the client's connection only, and what Connection names", () => {
    const lines = [
      "Connection: keep-alive, X-Secret",
      "Keep-Alive: timeout=5",
      "Upgrade: h2c",
      "TE: gzip",
      "Proxy-Authorization: Basic eA==",
      "x-secret: 1",
      "Expect: 100-continue",
    ];
    expect(toEdge(...lines)).to.deep.equal([...START, ...ADDED]);
  });

  it("asks for trailers where the client takes them", () => {
    const asking = ["Connection: TE", "TE: trailers"];
    expect(toEdge("Connection: te, close", "te: gzip, trailers")).to.deep.equal([
      ...START,
      ...asking,
      ...ADDED,
    ]);
  });

  it("says anew how the body is delimited, whatever Connection names", () => {
    expect(toEdge("Connection: host, content-length", "Content-Length: 003")).to.deep.equal([
      ...START,
      "Content-Length: 3",
      ...ADDED,
    ]);
    expect(toEdge("transfer-encoding: Chunked")).to.deep.equal([
      ...START,
      "Transfer-Encoding: chunked",
      ...ADDED,
    ]);
  });

  it("loses what a client could forge about itself", () => {
    const names = [
      "Forwarded",
      "X-Forwarded-For",
      "x-forwarded-host",
      "X-Forwarded-Prefix",
      "X-Real-IP",
      "X-Original-URL",
      "X-HTTP-Method-Override",
    ];
    expect(toEdge(...names.map((name) => `${name}: evil`))).to.deep.equal([...START, ...ADDED]);
  });

  it("adds to a Via that is there", () => {
    expect(toEdge("Via: 1.0 fred")).to.deep.equal([...START, "Via: 1.0 fred", ...ADDED]);
  });

  it("takes a field named __proto__ for a field like any other", () => {
    expect(toEdge("__proto__: 1")).to.deep.equal([...START, "__proto__: 1", ...ADDED]);
  });

  it("passes on what a trusted proxy says of the addresses before it", () => {
    const request = requestOf("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 203.0.113.7, 2001:db8::7");
    const lines = new RequestLines(peer("192.0.2.7"), new TrustedProxies(["192.0.2.0/24"])).of(request).lines;
    expect(lines).to.contain("X-Forwarded-For: 203.0.113.7, 2001:db8::7, 192.0.2.7\r\n");
    expect(lines).to.contain(
      'Forwarded: for=203.0.113.7, for="[2001:db8::7]", for=192.0.2.7;host="a";proto=http\r\n',
    );
  });

  it("passes on the scheme and the host that a trusted proxy names, and the client's Host as it is", () => {
    const said = ["X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example:8443"];
    const request = requestOf("GET / HTTP/1.1", "Host: backend.example", ...said);
    const lines = new RequestLines(peer("192.0.2.7"), new TrustedProxies(["192.0.2.0/24"])).of(request).lines;
    expect(linesOf(requestHeadOut(request, lines, "127.0.0.1:8081")).slice(1)).to.deep.equal([
      "Host: backend.example",
      'Forwarded: for=192.0.2.7;host="shop.example:8443";proto=https',
      "X-Forwarded-For: 192.0.2.7",
      ...said,
      "Via: 1.1 edgecache-router",
    ]);
  });

  it("says what the client sent when a stranger names a scheme and a host", () => {
    expect(toEdge("X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example")).to.deep.equal([
      ...START,
      ...ADDED,
    ]);
  });

  it("fits the limits of an edge up to 100 fields, those that the router adds among them", () => {
    const own = START.length - 1 + ADDED.length;
    const fits = (count: number) => {
      const fields = Array.from({ length: count }, (_, at) => `X-${at}: 1`);
      const request = requestOf(...START, ...fields);
      const { lines, fits } = new RequestLines(peer("192.0.2.7"), nobody).of(request);
      expect(isTakenByAnEdge(requestHeadOut(request, lines, ""))).to.equal(fits);
      return fits;
    };
    expect([fits(100 - own), fits(101 - own)]).to.deep.equal([true, false]);
  });

  it("fits the limits of an edge up to 8 KiB, what the router adds included", () => {
    const own = [...START.slice(1), ...ADDED, "X: "].reduce((sum, line) => sum + line.length + 2, 0);
    const fits = (length: number) => {
      const request = requestOf(...START, `X: ${"x".repeat(length)}`);
      const { lines, fits } = new RequestLines(peer("192.0.2.7"), nobody).of(request);
      expect(isTakenByAnEdge(requestHeadOut(request, lines, ""))).to.equal(fits);
      return fits;
    };
    expect([fits(8192 - own), fits(8193 - own)]).to.deep.equal([true, false]);
  });

  it("quotes an IPv6 client in Forwarded", () => {
    const request = requestOf("GET / HTTP/1.1", "Host: a");
    const lines = new RequestLines(peer("2001:db8::7"), nobody).of(request).lines;
    expect(lines).to.contain('Forwarded: for="[2001:db8::7]";host="a";proto=http\r\n');
    expect(lines).to.contain("X-Forwarded-For: 2001:db8::7\r\n");
  });

  it("names the edge as host for a client of HTTP/1.0 that names none", () => {
    const request = requestOf("GET / HTTP/1.0");
    const head = requestHeadOut(
      request,
      new RequestLines(peer("192.0.2.7"), nobody).of(request).lines,
      "127.0.0.1:8081",
    );
    expect(linesOf(head).slice(0, 2)).to.deep.equal(["GET / HTTP/1.1", "Host: 127.0.0.1:8081"]);
    expect(head).to.contain("Forwarded: for=192.0.2.7;proto=http\r\n").and.not.to.contain("X-Forwarded-Host");
    expect(head).to.contain("Via: 1.0 edgecache-router\r\n");
  });

  it("remembers the lines of a client that repeats itself, and only those", () => {
    const heads = new RequestHeads();
    const lines = new RequestLines(peer("192.0.2.7"), nobody);
    const ask = (field: string) => {
      const read = heads.read(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX: ${field}\r\n\r\n`));
      return read.kind === "head" ? lines.of(read.head).lines : "";
    };
    expect(ask("1")).to.contain("X: 1\r\n");
    expect(ask("1")).to.contain("X: 1\r\n");
    expect(ask("2")).to.contain("X: 2\r\n");
  });
});
