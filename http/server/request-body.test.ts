import { expect } from "chai";
import fc from "fast-check";
import { MessageBody, type MessageFraming } from "./request-body.ts";
import { UnreadBytes } from "./unread-bytes.ts";

const CHUNKED: MessageFraming = { kind: "chunked" };

/** Feeds the pieces one by one and reads after each. */
function readAll(framing: MessageFraming, pieces: readonly Buffer[]) {
  const unread = new UnreadBytes();
  const body = new MessageBody(framing, unread);
  let content = "";
  let end: string = "waiting";
  for (const piece of pieces) {
    unread.add(piece);
    for (let read = body.read(); ; read = body.read()) {
      end = read.kind;
      if (read.kind !== "content") break;
      content += Buffer.concat(read.pieces).toString();
    }
  }
  let rest = "";
  for (let { chunk, at } = unread; chunk !== undefined; { chunk, at } = unread) {
    rest += chunk.subarray(at).toString();
    unread.readTo(chunk.length);
  }
  return { content, end, rest, whole: body.whole };
}

describe("the body of a request", () => {
  it("is as long as it says, and leaves the next request unread", () => {
    const read = readAll({ kind: "length", length: 5 }, [Buffer.from("helloGET /")]);
    expect(read).to.deep.equal({ content: "hello", end: "whole", rest: "GET /", whole: true });
  });

  it("waits for what has not come", () => {
    const read = readAll({ kind: "length", length: 5 }, [Buffer.from("he")]);
    expect(read).to.deep.equal({ content: "he", end: "waiting", rest: "", whole: false });
  });

  it("has not begun before it is read, so that it can still be sent whole", () => {
    const unread = new UnreadBytes();
    const body = new MessageBody(CHUNKED, unread);
    expect(body.read().kind).to.equal("waiting");
    expect(body.began).to.equal(false);
    unread.add(Buffer.from("1"));
    body.read();
    expect(body.began).to.equal(true);
  });

  it("is malformed when its chunks make no sense", () => {
    expect(readAll(CHUNKED, [Buffer.from("2\r\nab\r\nZZ\r\n")]).end).to.equal("malformed");
  });

  it("reads the same in whatever pieces it comes", () => {
    const rows = [
      { framing: CHUNKED, bytes: "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n" },
      { framing: { kind: "length", length: 6 }, bytes: "hello!GET / HTTP/1.1\r\n" },
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.array(fc.nat(60), { maxLength: 10 }), (row, at) => {
        const bytes = Buffer.from(row.bytes);
        const cuts = [0, ...at.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
        const expected = { content: "hello!", end: "whole", rest: "GET / HTTP/1.1\r\n", whole: true };
        expect(readAll(row.framing, pieces)).to.deep.equal(expected);
      }),
    );
  });
});
