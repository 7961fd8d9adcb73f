import { expect } from "chai";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";

describe("the head of an answer by HTTP/2", () => {
  const encoder = new HpackEncoder();
  const fields = (head: string) => {
    const block = encoder.encode(head);
    const decoded = new HpackDecoder(1_000_000).decode(block, 0, block.length);
    return decoded.kind === "fields" ? decoded.raw : decoded.kind;
  };

  it("has its status and its fields, in lower case and in their order", () => {
    const head =
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=1\r\nX-Own:  two \r\nEmpty: \r\nVia: 1.1 a\r\n\r\n";
    for (let i = 0; i < 2; i += 1) {
      expect(fields(head)).to.deep.equal([
        ":status",
        "200",
        "cache-control",
        "max-age=1",
        "x-own",
        " two ",
        "empty",
        "",
        "via",
        "1.1 a",
      ]);
    }
  });

  it("has every status", () => {
    for (const status of [100, 103, 200, 204, 206, 299, 304, 404, 421, 500, 503])
      expect(fields(`HTTP/1.1 ${status} Any\r\n\r\n`)).to.deep.equal([":status", String(status)]);
  });

  it("has nothing of a connection of HTTP/1.1", () => {
    const lines =
      "Connection: keep-alive\r\nKeep-Alive: timeout=65\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\n";
    expect(fields(`HTTP/1.1 200 OK\r\n${lines}Age: 1\r\n\r\n`)).to.deep.equal([":status", "200", "age", "1"]);
  });

  it("has long values whole, and bytes beyond ASCII as they are", () => {
    for (const length of [126, 127, 128, 16_509, 60_000]) {
      const value = "\xe9".repeat(length);
      expect(fields(`HTTP/1.1 200 OK\r\nX: ${value}\r\n`)).to.deep.equal([":status", "200", "x", value]);
    }
  });

  it("carry a request with its Host as :authority, and nothing of its connection", () => {
    const head = "GET /a?b HTTP/1.1\r\nhost: a.example\r\nconnection: keep-alive\r\nAccept: x\r\n\r\n";
    const block = new HpackEncoder().encodeRequest(head, "https");
    const decoded = new HpackDecoder(1_024).decode(block, 0, block.length);
    expect(decoded.kind === "fields" ? decoded.raw : decoded.kind).to.deep.equal([
      ...[":method", "GET", ":scheme", "https", ":authority", "a.example", ":path", "/a?b"],
      ...["accept", "x"],
    ]);
  });
});
