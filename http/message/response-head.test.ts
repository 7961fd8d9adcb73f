import { expect } from "chai";
import fc from "fast-check";
import { cuts, everyByte, pieces } from "../../test/rig/arrival.ts";
import { mutated } from "../../test/rig/mutated-message.ts";
import { type NodeResponse, nodeResponse } from "../../test/rig/node-parser.ts";
import { ChunkedDecoder } from "./chunked.ts";
import {
  EDGE_FIELD_LIMITS,
  framingFor,
  ORIGIN_FIELD_LIMITS,
  type ResponseHead,
  ResponseHeads,
} from "./response-head.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

/** "200 OK 1.1 length behind", where `behind` is what the head leaves; or "malformed: …". */
function told(text: string, cutAt: readonly number[] = []): string {
  const heads = new ResponseHeads(EDGE_FIELD_LIMITS);
  let before = 0;
  for (const piece of pieces(bytesOf(text), cutAt)) {
    const read = heads.read(piece);
    if (read.kind === "malformed") return `malformed: ${read.why}`;
    if (read.kind === "head") {
      const { status, reason, version, framingUnlessHead } = read.head;
      return `${status} ${reason} ${version} ${framingUnlessHead.kind} ${text.slice(before + read.end)}`.trimEnd();
    }
    before += piece.length;
  }
  return "incomplete";
}

function headOf(text: string, heads = new ResponseHeads(EDGE_FIELD_LIMITS)): ResponseHead {
  const read = heads.read(bytesOf(text));
  if (read.kind !== "head") throw new Error(`${JSON.stringify(text)} has no head: ${read.kind}`);
  return read.head;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const LINE = "malformed: the status line is malformed";
const UNKNOWN_END = "malformed: where its content ends is not known";

describe("ResponseHeads", () => {
  const heads: readonly (readonly [string, string])[] = [
    [`${OK}hi`, "200 OK 1.1 length hi"],
    ["HTTP/1.1 200 \r\n\r\n", "200  1.1 until-close"],
    ["HTTP/1.0 404 Not Found \xe9\r\n\r\n", "404 Not Found \xe9 1.0 until-close"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "100 Continue 1.1 none"],
    ["HTTP/1.1 204 No Content\r\n\r\n", "204 No Content 1.1 none"],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 Not Modified 1.1 none"],
    ["HTTP/1.1 599 x\r\nTransfer-Encoding: chunked\r\n\r\n", "599 x 1.1 chunked"],
    ["HTTP/1.1 200 OK\r\n", "incomplete"],
    [`HTTP/1.1 200 ${"x".repeat(1009)}\r\n`, "incomplete"],
    ["HTTP/1.1 200\r\n\r\n", "200  1.1 until-close"],
    ["HTTP/1.1 600 x\r\n\r\n", LINE],
    ["HTTP/1.1 099 x\r\n\r\n", LINE],
    ["HTTP/1.1 20 x\r\n\r\n", LINE],
    ["HTTP/1.1 2000 x\r\n\r\n", LINE],
    ["HTTP/1.1  200 x\r\n\r\n", LINE],
    ["HTTP/1.2 200 x\r\n\r\n", LINE],
    ["HTTP/2 200\r\n\r\n", LINE],
    ["http/1.1 200 x\r\n\r\n", LINE],
    ["ICY 200 OK\r\n\r\n", LINE],
    ["HTTP/1.1 200 OK\n\r\n", LINE],
    ["HTTP/1.1 200 O\0K\r\n\r\n", LINE],
    ["HTTP/1.1 200 O\rK\r\n\r\n", LINE],
    ["\r\nHTTP/1.1 200 OK\r\n\r\n", LINE],
    [`HTTP/1.1 200 ${"x".repeat(1010)}\r\n`, "malformed: the status line is longer than allowed"],
    ["HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "malformed: a field may not continue on the next line"],
    [`HTTP/1.1 200 OK\r\nA: ${"b".repeat(64 * 1024 - 5)}\r\n\r\n`, "200 OK 1.1 until-close"],
    [`HTTP/1.1 200 OK\r\nA: ${"b".repeat(64 * 1024)}`, "malformed: the fields are larger than allowed"],
    [`${OK.slice(0, -2)}Transfer-Encoding: chunked\r\n\r\n`, `${UNKNOWN_END}: length-and-transfer-encoding`],
    [`${OK.slice(0, -2)}Content-Length: 3\r\n\r\n`, `${UNKNOWN_END}: two-content-lengths`],
    [
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      `${UNKNOWN_END}: transfer-encoding-in-http-1.0`,
    ],
  ];
  for (const [text, expected] of heads) {
    it(`answers ${JSON.stringify(text.slice(0, 60))} with ${expected}`, () => {
      expect(told(text)).to.equal(expected);
      expect(told(text, cutsOf(text))).to.equal(expected);
    });
  }

  it("takes more fields than an edge takes from an origin, and no more than that", () => {
    const { fields } = EDGE_FIELD_LIMITS;
    const read = (count: number) => told(`HTTP/1.1 204 OK\r\n${"a: b\r\n".repeat(count)}\r\n`);
    expect(fields).to.be.above(ORIGIN_FIELD_LIMITS.fields + 50);
    expect(read(fields)).to.equal("204 OK 1.1 none");
    expect(read(fields + 1)).to.match(/^malformed: /);
  });

  it("hands out one object for a head that is repeated, and another when a byte of it changes", () => {
    const connection = new ResponseHeads(EDGE_FIELD_LIMITS);
    const first = headOf(OK, connection);
    expect(first.raw).to.deep.equal(["Content-Length", "2"]);
    for (let again = 0; again < 3; again += 1) expect(headOf(`${OK}hi`, connection)).to.equal(first);
    expect(headOf(OK.replace("200", "203"), connection)).to.include({ status: 203 });
    expect(headOf(OK.replace("2\r\n\r\n", "2\r\nAge: 1\r\n\r\n"), connection).raw).to.have.length(4);
    expect(headOf(OK, connection)).to.deep.equal(first);
  });

  it("expects no content behind the answer to HEAD", () => {
    expect(framingFor(headOf(OK), "HEAD")).to.deep.equal({ kind: "none" });
    expect(framingFor(headOf(OK), "GET")).to.deep.equal({ kind: "length", length: 2 });
  });

  it("comes to the same result in whatever pieces a response arrives", () => {
    fc.assert(
      fc.property(mutated(MESSAGES), cuts, (text, cutAt) => {
        const whole = told(text);
        expect(told(text, cutAt)).to.equal(whole);
        expect(told(text, everyByte(bytesOf(text)))).to.equal(whole);
      }),
    );
  });

  it("takes only what node's strict parser takes too, and reads it in the same way", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(mutated(MESSAGES), fc.constantFrom("GET", "HEAD"), async (text, method) => {
        const ours = wholeResponse(bytesOf(text), method);
        if (ours === undefined) return;
        // What follows the response is the connection's affair: node takes it for a broken response.
        expect(await nodeResponse(bytesOf(text.slice(0, ours.end)), method)).to.deep.equal(ours.response);
        taken += 1;
      }),
      { numRuns: 400 },
    );
    expect(taken).to.be.greaterThan(100);
  });
});

/** Byte by byte where that is quick, else in a few pieces. */
function cutsOf(text: string): readonly number[] {
  return text.length < 2000 ? everyByte(bytesOf(text)) : [0.1, 0.5, 0.9, 0.999];
}

const MESSAGES = [
  `${OK}hi`,
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nAge: 0\r\n\r\nhi",
  'HTTP/1.1 204 No Content\r\nETag: "a"\r\n\r\n',
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
  "HTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nuntil the end",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  'HTTP/1.1 503 Busy\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3;n="q"\r\nabc\r\n0\r\nT: 1\r\n\r\n',
];

interface WholeResponse {
  readonly response: NodeResponse;
  readonly end: number;
}

/** The final response, if all of it is there. */
function wholeResponse(bytes: Buffer, method: string): WholeResponse | undefined {
  const heads = new ResponseHeads(EDGE_FIELD_LIMITS);
  for (let at = 0; at < bytes.length; ) {
    const read = heads.read(bytes, at);
    // Node takes 101 for the end of HTTP on this connection.
    if (read.kind !== "head" || read.head.status === 101) return undefined;
    const { status, reason, version, raw } = read.head;
    if (status >= 200) {
      const body = bodyOf(bytes, read.end, read.head, method);
      if (body === undefined) return undefined;
      return { response: { status, reason, version, raw, content: body.content }, end: body.end };
    }
    at = read.end;
  }
  return undefined;
}

interface Body {
  readonly content: string;
  readonly end: number;
}

function bodyOf(bytes: Buffer, start: number, head: ResponseHead, method: string): Body | undefined {
  const framing = framingFor(head, method);
  const upTo = (end: number): Body | undefined =>
    end > bytes.length ? undefined : { content: bytes.toString("latin1", start, end), end };
  switch (framing.kind) {
    case "none":
      return upTo(start);
    case "length":
      return upTo(start + framing.length);
    case "until-close":
      return upTo(bytes.length);
    case "chunked": {
      const read = new ChunkedDecoder().push(bytes, start);
      return read.kind === "end"
        ? { content: Buffer.concat(read.content).toString("latin1"), end: read.end }
        : undefined;
    }
  }
}
