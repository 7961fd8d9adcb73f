import { expect } from "chai";
import { EDGE_FIELD_LIMITS, ResponseHeads } from "../../http/message/response-head.ts";
import { interimHeadOut, ResponseLines, responseHeadOut } from "./response-head-out.ts";

function linesOf(head: string): string[] {
  expect(head.endsWith("\r\n\r\n")).to.equal(true);
  return head.slice(0, -4).split("\r\n");
}

const FROM_ROUTER = {
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
  const read = new ResponseHeads(EDGE_FIELD_LIMITS).read(
    Buffer.from(`${[start, ...lines].join("\r\n")}\r\n\r\n`, "latin1"),
  );
  if (read.kind !== "head") throw new Error(`no head: ${JSON.stringify(read)}`);
  return read.head;
}

describe("the head of a response to a client", () => {
  const toClient = (changes: Partial<typeof FROM_ROUTER>, ...lines: readonly string[]) =>
    linesOf(
      responseHeadOut(responseOf("HTTP/1.1 200 OK", ...lines), new ResponseLines(), {
        ...FROM_ROUTER,
        ...changes,
      }),
    );

  it("says that a tunnel begins as the client's version of HTTP says it", () => {
    const head = responseOf(
      "HTTP/1.1 101 Switching Protocols",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Accept: a",
      "X: y",
    );
    const out = (byConnect: boolean) =>
      linesOf(
        responseHeadOut(head, new ResponseLines(), {
          ...FROM_ROUTER,
          tunnel: { protocol: "websocket", byConnect },
        }),
      );
    expect(out(false).slice(0, 6)).to.deep.equal([
      "HTTP/1.1 101 Switching Protocols",
      "Sec-WebSocket-Accept: a",
      "X: y",
      "Date: now",
      "Connection: Upgrade",
      "Upgrade: websocket",
    ]);
    expect(out(true).slice(0, 4)).to.deep.equal([
      "HTTP/1.1 200 OK",
      "X: y",
      "Date: now",
      "Via: 1.1 edgecache-router",
    ]);
  });

  it("keeps what the edge said of the cache, and says who served it and how fast", () => {
    const lines = [
      "Date: Sun, 22 Nov 2026 14:00:00 GMT",
      "Cache-Status: edge-1; hit; ttl=5",
      "Age: 3",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Server-Timing: origin;dur=1",
      "Trailer: X-T",
    ];
    expect(toClient({}, ...lines)).to.deep.equal(["HTTP/1.1 200 OK", ...lines, ...ADDED_TO_RESPONSE]);
  });

  it("loses what is for the edge's connection only, and another's X-Served-By", () => {
    const lines = [
      "Date: now",
      "Connection: close, X-Hop",
      "x-hop: 1",
      "Keep-Alive: timeout=5",
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
    expect(linesOf(responseHeadOut(head, new ResponseLines(), FROM_ROUTER)).slice(0, 2)).to.deep.equal([
      "HTTP/1.1 204 Nothing here",
      "Date: now",
    ]);
  });
});

describe("the lines of an edge's answers", () => {
  it("are remembered for a head that comes again, and only for that", () => {
    const [heads, lines] = [new ResponseHeads(EDGE_FIELD_LIMITS), new ResponseLines()];
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
    expect(linesOf(interimHeadOut(head))).to.deep.equal(["HTTP/1.1 103 Early Hints", lines[0]]);
  });
});
