import { isIP } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { ResponseReader, type ResponseSink } from "../../http/client/response-reader.ts";
import { ChunkedDecoder } from "../../http/message/chunked.ts";
import { RequestHeads } from "../../http/message/request-head.ts";
import { EDGE_FIELD_LIMITS, ORIGIN_FIELD_LIMITS, ResponseHeads } from "../../http/message/response-head.ts";
import { namedProtocols } from "../../http/message/upgrade.ts";
import { readPreamble } from "../../http/server/proxy-preamble.ts";
import { cuts, everyByte, pieces } from "../rig/arrival.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const REQUESTS = [
  "GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a?b=c HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n",
  'GET http://a:80/y HTTP/1.1\r\nHost: a\r\nUser-Agent: x (y; z) "w"\r\nCookie: a=b; c=d\r\n\r\n',
  "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n",
  "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, te\r\nUpgrade: websocket, h2c\r\nTE: trailers\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
];
/** As browsers send them on one connection: some values differ from request to request. */
const PIPELINES = [
  "GET /x HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nAccept: */*\r\n\r\n".repeat(2) +
    [2, 3, 4].map((n) => `HEAD /${n} HTTP/1.1\r\nHost: a\r\nCookie: a=${n}\r\nAccept: */*\r\n\r\n`).join(""),
  [1, 2, 3, 4]
    .map((n) => `GET / HTTP/1.1\r\nHost: a\r\nReferer: /${n}\r\nDNT: 1\r\nIf-None-Match: "${n}"\r\n\r\n`)
    .join(""),
];
const RESPONSES = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\n\r\nx",
  'HTTP/1.1 304 Not Modified\r\nETag: W/"a"\r\nConnection: close, x\r\n\r\n',
  "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nY: \r\n\r\n",
  "HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\nRetry-After: 1\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
];
const CHUNKED = [
  "5\r\nhello\r\n0\r\n\r\nGET",
  '3;n="q\\"";m=v\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n',
];

const PREAMBLES = [
  "PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\nGET /",
  "PROXY TCP6 2001:db8::7 ::1 1 65535\r\n",
  "PROXY UNKNOWN ff:: 1 2\r\n",
  "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x08\x0a\0\0\x01\x1f\x90\0\x50GET",
  "\r\n\r\n\0\r\nQUIT\n\x20\x00\0\x03\x04\0\0",
];

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

/** Bytes that would end a line, or a C string, in the program behind us. */
const ENDS_A_LINE = /[\0\r\n]/;

type Read = ReturnType<RequestHeads["read"]> | ReturnType<ResponseHeads["read"]>;

/** What was read, and how much of the input that took. */
function readAll(
  reader: { read(chunk: Buffer): Read },
  text: string,
  cutAt: readonly number[],
): { readonly read: Read; readonly taken: number } {
  let taken = 0;
  for (const piece of pieces(bytesOf(text), cutAt)) {
    const read = reader.read(piece);
    if (read.kind === "head") return { read, taken: taken + read.end };
    taken += piece.length;
    if (read.kind !== "incomplete") return { read, taken: 0 };
  }
  return { read: { kind: "incomplete" }, taken };
}

/** Every request of a connection; `readerFor`: the reader of the next one. */
function requestsIn(
  text: string,
  cutAt: readonly number[],
  readerFor: () => RequestHeads,
): readonly unknown[] {
  const requests: unknown[] = [];
  let reader = readerFor();
  for (const piece of pieces(bytesOf(text), cutAt)) {
    for (let at = 0; at < piece.length; ) {
      const read = reader.read(piece, at);
      if (read.kind === "refused") return [...requests, read];
      if (read.kind === "incomplete") break;
      const { root: _, changed: __, ...fields } = read.head.fields;
      requests.push({ ...read.head, fields: { ...fields, section: [...fields.section] } });
      at = read.end;
      reader = readerFor();
    }
  }
  return requests;
}

/** Without the place in the last piece, which depends on the pieces. */
function told({ read, taken }: ReturnType<typeof readAll>): unknown {
  return read.kind === "head" ? { head: read.head, taken } : read;
}

function expectNoLineEnd(texts: readonly string[]): void {
  for (const text of texts) expect(ENDS_A_LINE.test(text), JSON.stringify(text)).to.equal(false);
}

export const httpTargets: readonly FuzzTarget[] = [
  target("request heads", fc.tuple(hostileText(REQUESTS), cuts), ([text, cutAt]) => {
    const whole = readAll(new RequestHeads(), text, []);
    expect(told(readAll(new RequestHeads(), text, cutAt))).to.deep.equal(told(whole));
    if (whole.read.kind !== "head" || !("path" in whole.read.head)) return;
    const { method, target: asked, path, host = "", fields } = whole.read.head;
    expect(whole.taken).to.be.within(1, bytesOf(text).length);
    expectNoLineEnd([method, asked, path, host, ...fields.raw]);
    expect(path).to.match(/^(\/|\*$)/);
  }),
  target("requests of one connection", fc.tuple(hostileText(PIPELINES), cuts), ([text, cutAt]) => {
    const expected = requestsIn(text, [], () => new RequestHeads());
    // One reader keeps what it has read, and must not let it show.
    const [first, second, third] = [new RequestHeads(), new RequestHeads(), new RequestHeads()];
    expect(requestsIn(text, [], () => first)).to.deep.equal(expected);
    expect(requestsIn(text, cutAt, () => second)).to.deep.equal(expected);
    expect(requestsIn(text, everyByte(bytesOf(text)), () => third)).to.deep.equal(expected);
  }),
  target("response heads", fc.tuple(hostileText(RESPONSES), cuts), ([text, cutAt]) => {
    const whole = readAll(new ResponseHeads(EDGE_FIELD_LIMITS), text, []);
    expect(told(readAll(new ResponseHeads(EDGE_FIELD_LIMITS), text, cutAt))).to.deep.equal(told(whole));
    if (whole.read.kind !== "head" || !("status" in whole.read.head)) return;
    expect(whole.read.head.status).to.be.within(100, 599);
    expectNoLineEnd([whole.read.head.reason, ...whole.read.head.raw]);
  }),
  target(
    "answers",
    fc.tuple(hostileText(RESPONSES), cuts, fc.constantFrom("GET", "HEAD")),
    ([text, cutAt, method]) => {
      expect(answered(text, cutAt, method)).to.deep.equal(answered(text, [], method));
    },
  ),
  target("PROXY headers", fc.tuple(hostileText(PREAMBLES), cuts), ([text, [cut = 0]]) => {
    const bytes = bytesOf(text);
    const whole = readPreamble(bytes);
    if (whole.kind === "preamble") {
      if (whole.source !== undefined) expect(isIP(whole.source)).not.to.equal(0);
      expect(readPreamble(bytes.subarray(0, whole.end))).to.deep.equal(whole);
    }
    // What is refused early is refused whole, and nobody is named before the end.
    const part = readPreamble(bytes.subarray(0, cut));
    if (part.kind !== "more") expect(whole).to.deep.equal(part);
  }),
  target("chunked content", fc.tuple(hostileText(CHUNKED), cuts), ([text, cutAt]) => {
    expect(decoded(text, cutAt)).to.deep.equal(decoded(text, []));
  }),
];

/** What a client learns of the answers on one connection, in whatever pieces they arrive. */
function answered(text: string, cutAt: readonly number[], method: string): unknown {
  const told = {
    interim: [] as unknown[],
    head: undefined as unknown,
    content: "",
    trailers: [] as unknown[],
  };
  const sink: ResponseSink = {
    interim: (head) => void told.interim.push(head),
    head: (head, framing) => {
      expect(told.head, "one answer a request").to.equal(undefined);
      told.head = { head, framing };
      if (head.status === 101) expect(namedProtocols(head.version, head.raw)).to.deep.equal(["websocket"]);
    },
    body: (received, content) => {
      const bytes = Buffer.concat(content).toString("latin1");
      if (received.length > 0) expect(bytes.length).to.be.at.most(received.length);
      told.content += bytes;
    },
    trailers: (raw) => void told.trailers.push(raw),
  };
  const reader = new ResponseReader(ORIGIN_FIELD_LIMITS);
  reader.begin(method, "websocket");
  for (const piece of pieces(bytesOf(text), cutAt)) {
    // The reader may keep nothing of it: the next read overwrites it.
    const bytes = Buffer.from(piece);
    const progress = reader.read(bytes, sink);
    bytes.fill("#");
    // Of several rules that are broken the one is named whose breach has arrived.
    if (progress.kind === "malformed") return { ...told, content: "", malformed: true };
    if (progress.kind === "whole") return { ...told, persists: reader.persists };
  }
  return { ...told, endsByClosing: reader.closed() };
}

function decoded(text: string, cutAt: readonly number[]): unknown {
  const decoder = new ChunkedDecoder();
  let content = "";
  let taken = 0;
  for (const piece of pieces(bytesOf(text), cutAt)) {
    const read = decoder.push(piece);
    content += Buffer.concat(read.content).toString("latin1");
    expect(content.length).to.be.at.most(text.length);
    // Of several rules that are broken the one is named whose breach has arrived.
    if (read.kind === "malformed") return { content, malformed: true };
    if (read.kind === "end") return { content, trailers: read.trailers, taken: taken + read.end };
    taken += piece.length;
  }
  return { content };
}
