import { expect } from "chai";
import { type HttpVersion, requestFraming, responseFraming } from "./message-framing.ts";

/** From "Name: value" lines. */
function rawOf(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => [
    line.slice(0, line.indexOf(":")),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
}

/** "none", "length 5", "chunked", "until-close", or the fault. */
function told(framing: ReturnType<typeof responseFraming>): string {
  if (typeof framing === "string") return `fault: ${framing}`;
  return framing.kind === "length" ? `length ${framing.length}` : framing.kind;
}

describe("requestFraming", () => {
  const requests: readonly (readonly [readonly string[], string, HttpVersion?])[] = [
    [[], "none"],
    [["Content-Length: 0"], "length 0"],
    [["content-LENGTH: 00005"], "length 5"],
    [["Content-Length: 999999999999999"], "length 999999999999999"],
    [["Content-Length: 9999999999999999"], "fault: malformed-content-length"],
    [["Content-Length:"], "fault: malformed-content-length"],
    [["Content-Length: -1"], "fault: malformed-content-length"],
    [["Content-Length: +1"], "fault: malformed-content-length"],
    [["Content-Length: 0x1"], "fault: malformed-content-length"],
    [["Content-Length: 1e1"], "fault: malformed-content-length"],
    [["Content-Length: 1.0"], "fault: malformed-content-length"],
    [["Content-Length: 1 1"], "fault: malformed-content-length"],
    [["Content-Length: 1, 1"], "fault: malformed-content-length"],
    [["Content-Length: 1", "Content-Length: 2"], "fault: two-content-lengths"],
    [["Content-Length: 1", "Content-Length: 1"], "fault: two-content-lengths"],
    [["Transfer-Encoding: chunked"], "chunked"],
    [["TRANSFER-encoding: CHUNKED"], "chunked"],
    [["Transfer-Encoding: chunked", "Content-Length: 1"], "fault: length-and-transfer-encoding"],
    [["Transfer-Encoding: gzip, chunked"], "fault: unknown-transfer-coding"],
    [["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], "fault: unknown-transfer-coding"],
    [["Transfer-Encoding: chunked, gzip"], "fault: not-chunked"],
    [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "fault: not-chunked"],
    [["Transfer-Encoding: ,chunked"], "fault: not-chunked"],
    [["Transfer-Encoding: chunked,"], "fault: not-chunked"],
    [["Transfer-Encoding: identity"], "fault: not-chunked"],
    [["Transfer-Encoding: xchunked"], "fault: not-chunked"],
    [['Transfer-Encoding: "chunked"'], "fault: not-chunked"],
    [["Transfer-Encoding:"], "fault: not-chunked"],
    [["Content-Length: 5"], "length 5", "1.0"],
    [["Transfer-Encoding: chunked"], "fault: transfer-encoding-in-http-1.0", "1.0"],
  ];
  for (const [lines, expected, version = "1.1"] of requests) {
    it(`reads ${JSON.stringify(lines)} in HTTP/${version} as ${expected}`, () => {
      expect(told(requestFraming(version, rawOf(lines)))).to.equal(expected);
    });
  }
});

describe("responseFraming", () => {
  it("reads until the connection closes when the fields say nothing else", () => {
    expect(told(responseFraming("1.1", [], 200))).to.equal("until-close");
    expect(told(responseFraming("1.1", rawOf(["Content-Length: 5"]), 200))).to.equal("length 5");
    expect(told(responseFraming("1.1", rawOf(["Transfer-Encoding: chunked"]), 200))).to.equal("chunked");
  });

  it("expects no content with a status that has none, whatever the fields say", () => {
    for (const status of [100, 103, 199, 204, 304]) {
      for (const lines of [[], ["Content-Length: 5"], ["Transfer-Encoding: chunked"]]) {
        expect(told(responseFraming("1.1", rawOf(lines), status)), `${status} ${lines}`).to.equal("none");
      }
    }
  });

  it("takes contradicting fields for a fault with any status", () => {
    const lines = rawOf(["Content-Length: 5", "Transfer-Encoding: chunked"]);
    for (const status of [200, 204, 304]) {
      expect(told(responseFraming("1.1", lines, status))).to.equal("fault: length-and-transfer-encoding");
    }
  });
});
