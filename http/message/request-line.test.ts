import { expect } from "chai";
import { judgeLine, readRequestLine, refuseOtherHost } from "./request-line.ts";

/** What is told of text that has not ended yet. */
function begun(text: string): string {
  const read = readRequestLine(text, 0);
  return read.kind === "refused" ? `${read.refused.status} ${read.refused.detail}` : read.kind;
}

describe("readRequestLine", () => {
  it("takes a line apart from where it is told to, and tells where it ends", () => {
    expect(readRequestLine("\r\nGET http://A:81?q HTTP/1.0\r\nHost: a", 2)).to.deep.equal({
      kind: "line",
      line: {
        method: "GET",
        target: "http://A:81?q",
        version: "1.0",
        path: "/?q",
        absolute: { authority: { host: "a", port: 81 }, defaultPort: 80 },
      },
      end: 30,
    });
  });

  it("waits for the rest of what may become a request line", () => {
    for (const text of ["", "G", "GET", "GET ", "GET /", "GET / ", "GET / HTTP/1.1", "GET / HTTP/1.1\r"]) {
      expect(begun(text), text).to.equal("incomplete");
    }
    expect(begun(`GET /${"x".repeat(8191)}`)).to.equal("incomplete");
    expect(begun("A".repeat(64))).to.equal("incomplete");
  });

  it("refuses at once what can become none", () => {
    expect(begun(" ")).to.equal("400 malformed-method");
    expect(begun("\x16\x03\x01")).to.equal("400 malformed-method");
    expect(begun("{")).to.equal("400 malformed-method");
    expect(begun("A".repeat(65))).to.equal("501 method-too-long");
    expect(begun(`GET /${"x".repeat(8192)}`)).to.equal("414 target-too-long");
    expect(begun("GET / HTTP/1.1 and")).to.equal("400 malformed-request-line");
  });
});

describe("judgeLine", () => {
  it("says which methods are allowed when one is not", () => {
    const verdict = judgeLine("PURGE", "/", "1.1");
    expect(verdict).to.have.nested.property("refused.allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  });
});

describe("refuseOtherHost", () => {
  const refusalOf = (target: string, host: string | undefined, port?: number): string | undefined => {
    const verdict = judgeLine("GET", target, "1.1");
    if (verdict.kind === "refused") throw new Error(`${target} is refused: ${verdict.refused.detail}`);
    return refuseOtherHost(verdict.line, host === undefined ? undefined : { host, port })?.detail;
  };

  it("wants an absolute target and Host to name the same", () => {
    expect(refusalOf("/", "a")).to.equal(undefined);
    expect(refusalOf("http://a/", "a")).to.equal(undefined);
    expect(refusalOf("http://a/", undefined)).to.equal(undefined);
    expect(refusalOf("http://a:80/", "a")).to.equal(undefined);
    expect(refusalOf("https://a/", "a", 443)).to.equal(undefined);
    expect(refusalOf("http://a/", "a", 443)).to.equal("host-mismatch");
    expect(refusalOf("http://b/", "a")).to.equal("host-mismatch");
  });
});
