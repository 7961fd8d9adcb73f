import { expect } from "chai";
import { type ParserError, parseFault } from "./parse-fault.ts";

function parserError(code: string, text = "", bytesParsed = 0): ParserError {
  return Object.assign(new Error(code), { code, rawPacket: Buffer.from(text, "latin1"), bytesParsed });
}

describe("parseFault", () => {
  it("says nothing of a connection that broke", () => {
    for (const code of ["ECONNRESET", "EPIPE", ""]) expect(parseFault(parserError(code))).to.equal(undefined);
  });

  it("calls what it does not know malformed", () => {
    expect(parseFault(parserError("HPE_SOMETHING_NEW"))).to.deep.equal({
      status: 400,
      detail: "malformed-request",
    });
  });

  it("tells an unknown method from what is no request, by the line at which the parser stopped", () => {
    const before = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const [text, at, status] of [
      ["BAN / HTTP/1.1\r\nHost: a\r\n\r\n", 1, 405],
      [`${before}BAN / HTTP/1.1\r\n\r\n`, before.length + 1, 405],
      [`${before}BAN / HTTP/1.1\r\n\r\n`, before.length, 405],
      ["nonsense\r\n\r\n", 0, 400],
      ["BAN / HTTP/1.1", 1, 400],
      [`BAN / HTTP/1.1\r\nnonsense\r\n`, 16, 400],
      ["HTTP/1.1 200 OK\r\n\r\n", 1, 400],
    ] as const) {
      expect(parseFault(parserError("HPE_INVALID_METHOD", text, at))?.status, text).to.equal(status);
    }
  });
});
