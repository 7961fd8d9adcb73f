import { expect } from "chai";
import type { RequestHead } from "../../http/message/request-head.ts";
import { RequestHeads } from "../../http/message/request-head.ts";
import { ResponseHeads } from "../../http/message/response-head.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { forwardedHead, interimHead, RequestLines, ResponseLines, relayedHead } from "./forwarded-fields.ts";

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

function toEdge(...lines: readonly string[]): string[] {
  const request = requestOf("GET /a HTTP/1.1", "Host: www.example", ...lines);
  return linesOf(forwardedHead(request, new RequestLines("192.0.2.7", nobody).of(request), "127.0.0.1:8081"));
}

const START = ["GET /a HTTP/1.1", "Host: www.example"];

describe("the head of a forwarded request", () => {
  it("keeps the fields' order, case and duplicates", () => {
    const lines = ["X-A: 1", "accept: */*", "x-a: 2"];
    expect(toEdge(...lines)).to.deep.equal([...START, ...lines, ...ADDED]);
  });

  it("loses what is for the client's connection only, and what Connection names", () => {
    const lines = [
      "Connection: keep-alive, X-Secret",
      "Keep-Alive: timeout=5",
      "Upgrade: h2c",
      "TE: trailers",
      "Proxy-Authorization: Basic eA==",
      "x-secret: 1",
      "Expect: 100-continue",
    ];
    expect(toEdge(...lines)).to.deep.equal([...START, ...ADDED]);
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
    const lines = new RequestLines("192.0.2.7", new TrustedProxies(["192.0.2.0/24"])).of(request);
    expect(lines).to.contain("X-Forwarded-For: 203.0.113.7, 2001:db8::7, 192.0.2.7\r\n");
    expect(lines).to.contain(
      'Forwarded: for=203.0.113.7, for="[2001:db8::7]", for=192.0.2.7;host="a";proto=http\r\n',
    );
  });

  it("quotes an IPv6 client in Forwarded", () => {
    const request = requestOf("GET / HTTP/1.1", "Host: a");
    const lines = new RequestLines("2001:db8::7", nobody).of(request);
    expect(lines).to.contain('Forwarded: for="[2001:db8::7]";host="a";proto=http\r\n');
    expect(lines).to.contain("X-Forwarded-For: 2001:db8::7\r\n");
  });

  it("names the edge as host for a client of HTTP/1.0 that names none", () => {
    const request = requestOf("GET / HTTP/1.0");
    const head = forwardedHead(request, new RequestLines("192.0.2.7", nobody).of(request), "127.0.0.1:8081");
    expect(linesOf(head).slice(0, 2)).to.deep.equal(["GET / HTTP/1.1", "Host: 127.0.0.1:8081"]);
    expect(head).to.contain("Forwarded: for=192.0.2.7;proto=http\r\n").and.not.to.contain("X-Forwarded-Host");
    expect(head).to.contain("Via: 1.0 edgecache-router\r\n");
  });

  it("remembers the lines of a client that repeats itself, and only those", () => {
    const heads = new RequestHeads();
    const lines = new RequestLines("192.0.2.7", nobody);
    const ask = (field: string) => {
      const read = heads.read(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX: ${field}\r\n\r\n`));
      return read.kind === "head" ? lines.of(read.head) : "";
    };
    expect(ask("1")).to.contain("X: 1\r\n");
    expect(ask("1")).to.contain("X: 1\r\n");
    expect(ask("2")).to.contain("X: 2\r\n");
  });
});

const RELAYED = {
  edge: "edge-1",
  firstByteMs: 12.345,
  rttMs: 5.06,
  chunked: false,
  closes: false,
  date: "now",
};
const ADDED_TO_RESPONSE = [
  "Via: 1.1 edgecache-router",
  "X-Served-By: edge-1",
  'Server-Timing: router;dur=12.3, rtt;dur=5.1;desc="edge-1"',
];

function responseOf(start: string, ...lines: readonly string[]) {
  const read = new ResponseHeads().read(Buffer.from(`${[start, ...lines].join("\r\n")}\r\n\r\n`, "latin1"));
  if (read.kind !== "head") throw new Error(`no head: ${JSON.stringify(read)}`);
  return read.head;
}

describe("the head of a relayed response", () => {
  const toClient = (changes: Partial<typeof RELAYED>, ...lines: readonly string[]) =>
    linesOf(
      relayedHead(responseOf("HTTP/1.1 200 OK", ...lines), new ResponseLines(), { ...RELAYED, ...changes }),
    );

  it("keeps what the edge said of the cache, and says who served it and how fast", () => {
    const lines = [
      "Date: Sun, 22 Nov 2026 14:00:00 GMT",
      "Cache-Status: edge-1; hit; ttl=5",
      "Age: 3",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Server-Timing: origin;dur=1",
    ];
    expect(toClient({}, ...lines)).to.deep.equal(["HTTP/1.1 200 OK", ...lines, ...ADDED_TO_RESPONSE]);
  });

  it("loses what is for the edge's connection only, and another's X-Served-By", () => {
    const lines = [
      "Date: now",
      "Connection: close, X-Hop",
      "x-hop: 1",
      "Keep-Alive: timeout=5",
      "Trailer: X-T",
      "x-served-by: someone",
    ];
    expect(toClient({}, ...lines)).to.deep.equal(["HTTP/1.1 200 OK", "Date: now", ...ADDED_TO_RESPONSE]);
  });

  it("says how its body is delimited, and when its connection closes", () => {
    expect(
      toClient({ chunked: true, closes: true }, "Date: now", "Transfer-Encoding: chunked"),
    ).to.deep.equal([
      "HTTP/1.1 200 OK",
      "Date: now",
      "Transfer-Encoding: chunked",
      "Connection: close",
      ...ADDED_TO_RESPONSE,
    ]);
  });

  it("dates an answer that the edge has not dated", () => {
    expect(toClient({})).to.deep.equal(["HTTP/1.1 200 OK", "Date: now", ...ADDED_TO_RESPONSE]);
  });

  it("gives a 204 no Content-Length, and keeps the edge's own words for a status", () => {
    const head = responseOf("HTTP/1.1 204 Nothing here", "Date: now", "Content-Length: 0");
    expect(linesOf(relayedHead(head, new ResponseLines(), RELAYED)).slice(0, 2)).to.deep.equal([
      "HTTP/1.1 204 Nothing here",
      "Date: now",
    ]);
  });
});

describe("the lines of an edge's answers", () => {
  it("are remembered for a head that comes again, and only for that", () => {
    const [heads, lines] = [new ResponseHeads(), new ResponseLines()];
    const answer = (age: number) => {
      const read = heads.read(Buffer.from(`HTTP/1.1 204 OK\r\nAge: ${age}\r\nDate: now\r\n\r\n`));
      return read.kind === "head" ? lines.of(read.head) : undefined;
    };
    const first = answer(1);
    expect(first).to.include({ lines: "Age: 1\r\nDate: now\r\n", dated: true });
    expect(answer(1)).to.equal(first);
    expect(answer(2)).to.include({ lines: "Age: 2\r\nDate: now\r\n" });
  });
});

describe("the head of an interim response", () => {
  it("keeps its fields but for those of the connection", () => {
    const lines = ["Link: </a.css>; rel=preload", "Connection: x", "x: 1", "Content-Length: 5"];
    const head = responseOf("HTTP/1.1 103 Early Hints", ...lines);
    expect(linesOf(interimHead(head))).to.deep.equal(["HTTP/1.1 103 Early Hints", lines[0]]);
  });
});
