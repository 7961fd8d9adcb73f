import { expect } from "chai";
import { parseFault } from "./parse-fault.ts";

describe("parseFault", () => {
  const invalidMethod = (packet: string, bytesParsed = 0) =>
    parseFault({ code: "HPE_INVALID_METHOD", rawPacket: Buffer.from(packet, "latin1"), bytesParsed })?.status;

  it("answers 405 to a request whose method node does not know", () => {
    expect(invalidMethod("BAN / HTTP/1.1\r\nHost: a\r\n\r\n", 1)).to.equal(405);
  });

  it("finds that request behind others of the same packet", () => {
    const first = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    expect(invalidMethod(`${first}BAN / HTTP/1.1\r\n\r\n`, first.length + 1)).to.equal(405);
    expect(invalidMethod(`${first}nonsense\r\n\r\n`, first.length + 1)).to.equal(400);
  });

  it("answers 400 to what is no request", () => {
    expect(invalidMethod("\x16\x03\x01\x02\x00")).to.equal(400);
    expect(parseFault({ code: "HPE_INVALID_CHUNK_SIZE" })?.status).to.equal(400);
  });

  it("tells fields that are too large, too late, or of another version apart", () => {
    expect(parseFault({ code: "HPE_HEADER_OVERFLOW" })?.status).to.equal(431);
    expect(parseFault({ code: "ERR_HTTP_REQUEST_TIMEOUT" })?.status).to.equal(408);
    expect(parseFault({ code: "HPE_INVALID_VERSION" })?.status).to.equal(505);
  });

  it("answers nothing when the connection broke", () => {
    expect(parseFault({ code: "ECONNRESET" })).to.equal(undefined);
    expect(parseFault({})).to.equal(undefined);
  });
});
