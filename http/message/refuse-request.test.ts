import { expect } from "chai";
import fc from "fast-check";
import {
  ALLOWED_METHODS,
  authorityOf,
  originForm,
  type RequestHead,
  refuseRequest,
} from "./refuse-request.ts";

function head(changes: Partial<RequestHead> = {}, ...lines: readonly string[]): RequestHead {
  const fields = lines.length === 0 ? ["Host: example.com"] : lines;
  const rawFields = fields.flatMap((line) => [
    line.slice(0, line.indexOf(":")),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  return { method: "GET", target: "/", httpVersion: "1.1", rawFields, ...changes };
}

const refusal = (given: RequestHead): string => {
  const refused = refuseRequest(given);
  return refused === undefined ? "served" : `${refused.status} ${refused.detail}`;
};

describe("refuseRequest", () => {
  const targets: readonly (readonly [string, string])[] = [
    ["/", "served"],
    ["/a?b=c&d", "served"],
    ["/a/../b", "served"],
    ["/%2e%2e/x", "served"],
    ["/..%2fx", "served"],
    ["//evil/x", "served"],
    ["/%C3%A9", "served"],
    ["/a|b[c]{d}^`", "served"],
    ["/%FF", "served"],
    ["/%2500", "served"],
    ["http://example.com/x", "served"],
    ["HTTP://EXAMPLE.COM", "served"],
    ["http://example.com:80/x", "served"],
    ["https://example.com/x", "served"],
    ["http://example.com:8080/x", "400 host-mismatch"],
    ["http://evil.example/x", "400 host-mismatch"],
    ["http://a@example.com/x", "400 target-authority"],
    ["http:///x", "400 target-authority"],
    ["http://example.com:99999/x", "400 target-authority"],
    ["ftp://example.com/x", "400 target-form"],
    ["example.com:80", "400 target-form"],
    ["", "400 target-form"],
    ["*", "400 target-form"],
    ["a", "400 target-form"],
    ["/a#b", "400 target-fragment"],
    ["/a\\b", "400 target-character"],
    ["/a b", "400 target-character"],
    ["/caf\xe9", "400 target-character"],
    ["/\x01", "400 target-character"],
    ["/\x7f", "400 target-character"],
    ["/%", "400 target-percent"],
    ["/%zz", "400 target-percent"],
    ["/a%2", "400 target-percent"],
    ["/%00", "400 target-control"],
    ["/a?b=%0a", "400 target-control"],
    ["/%0D", "400 target-control"],
    [`/${"a".repeat(8 * 1024 - 1)}`, "served"],
    [`/${"a".repeat(8 * 1024)}`, "414 target-too-long"],
  ];
  for (const [target, expected] of targets) {
    it(`answers the target ${JSON.stringify(target.slice(0, 40))} with ${expected}`, () => {
      expect(refusal(head({ target }))).to.equal(expected);
    });
  }

  const fields: readonly (readonly [readonly string[], string])[] = [
    [["X: 1"], "400 no-host"],
    [["Host: a", "Host: a"], "400 two-host-fields"],
    [["Host: a", "host: b"], "400 two-host-fields"],
    [["Host:"], "400 malformed-host"],
    [["Host: a@evil"], "400 malformed-host"],
    [["Host: a/x?y"], "400 malformed-host"],
    [["Host: a:99999"], "400 malformed-host"],
    [["Host: [::"], "400 malformed-host"],
    [["Host: a, b"], "400 malformed-host"],
    [["Host: a", "__proto__: 1"], "served"],
    [["Host: a", "X: a\tb"], "served"],
    [["Host: a", "X: a\x00b"], "400 malformed-field"],
    [["Host: a", "X: a\nb"], "400 malformed-field"],
    [["Host: a", "X Y: 1"], "400 malformed-field"],
    [["Host: a", "Content-Length: 5"], "served"],
    [["Host: a", "Content-Length: 5", "Content-Length: 5"], "400 two-content-lengths"],
    [["Host: a", "Content-Length: 5, 5"], "400 malformed-content-length"],
    [["Host: a", "Content-Length: +5"], "400 malformed-content-length"],
    [["Host: a", "Content-Length: -5"], "400 malformed-content-length"],
    [["Host: a", "Content-Length: 0x5"], "400 malformed-content-length"],
    [["Host: a", "Content-Length:"], "400 malformed-content-length"],
    [["Host: a", `Content-Length: ${"9".repeat(30)}`], "400 malformed-content-length"],
    [["Host: a", "Transfer-Encoding: chunked"], "served"],
    [["Host: a", "Transfer-Encoding: Chunked"], "served"],
    [["Host: a", "Transfer-Encoding: chunked", "Content-Length: 5"], "400 length-and-transfer-encoding"],
    [["Host: a", "Transfer-Encoding: gzip, chunked"], "501 unknown-transfer-coding"],
    [["Host: a", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], "501 unknown-transfer-coding"],
    [["Host: a", "Transfer-Encoding: chunked, chunked"], "400 not-chunked"],
    [["Host: a", "Transfer-Encoding: chunked, gzip"], "400 not-chunked"],
    [["Host: a", "Transfer-Encoding: identity"], "400 not-chunked"],
    [["Host: a", "Transfer-Encoding: xchunked"], "400 not-chunked"],
    [["Host: a", "Transfer-Encoding:"], "400 not-chunked"],
    [["Host: a", "Expect: 100-Continue"], "served"],
    [["Host: a", "Expect: 200-ok"], "417 expectation"],
    [["Host: a", "Expect: 100-continue, x"], "417 expectation"],
    [["Host: a", ...Array.from({ length: 99 }, () => "x: 1")], "served"],
    [["Host: a", ...Array.from({ length: 100 }, () => "x: 1")], "431 too-many-fields"],
    [["Host: a", `X: ${"x".repeat(8 * 1024 - 14)}`], "served"],
    [["Host: a", `X: ${"x".repeat(8 * 1024 - 13)}`], "431 fields-too-large"],
  ];
  for (const [lines, expected] of fields) {
    it(`answers ${lines.map((line) => JSON.stringify(line.slice(0, 40))).slice(0, 3)} with ${expected}`, () => {
      expect(refusal(head({}, ...lines))).to.equal(expected);
    });
  }

  it("serves HTTP/1.1 and HTTP/1.0, and tells other versions so", () => {
    for (const httpVersion of ["2.0", "0.9", "1.2", "3.0", ""]) {
      expect(refusal(head({ httpVersion }))).to.equal("505 http-version");
    }
    expect(refusal(head({ httpVersion: "1.0" }))).to.equal("served");
    expect(refusal(head({ httpVersion: "1.0" }, "X: 1"))).to.equal("served");
    expect(refusal(head({ httpVersion: "1.0" }, "Host: a", "Expect: x"))).to.equal("served");
    const chunked = head({ httpVersion: "1.0" }, "Host: a", "Transfer-Encoding: chunked");
    expect(refusal(chunked)).to.equal("400 transfer-encoding-in-http-1.0");
  });

  it("never purges, traces or tunnels on the data port, and says what it allows", () => {
    for (const method of ["PURGE", "BAN", "TRACE", "TRACK", "CONNECT", "purge"]) {
      const target = method === "CONNECT" ? "example.com:443" : "/";
      const refused = refuseRequest(head({ method, target }));
      expect([refused?.status, refused?.allow], method).to.deep.equal([405, ALLOWED_METHODS]);
    }
  });

  it("passes on any other method that is a token", () => {
    for (const method of ["GET", "POST", "PROPFIND", "M-SEARCH", "x"]) {
      expect(refusal(head({ method })), method).to.equal("served");
    }
    for (const method of ["", "G ET", "GET\x00", "G(T"]) {
      expect(refusal(head({ method }))).to.equal("400 malformed-method");
    }
    expect(refusal(head({ method: "OPTIONS", target: "*" }))).to.equal("501 asterisk-form");
  });

  it("lets an absolute target with a default port agree with a Host that leaves it out", () => {
    expect(refusal(head({ target: "http://a/" }, "Host: a:80"))).to.equal("served");
    expect(refusal(head({ target: "https://a/" }, "Host: a:443"))).to.equal("served");
    expect(refusal(head({ target: "https://a/" }, "Host: a:80"))).to.equal("400 host-mismatch");
  });

  it("never throws, and lets only targets through whose origin-form begins with a slash", () => {
    const any = fc.record({
      method: fc.oneof(fc.constant("GET"), fc.string()),
      target: fc.oneof(
        fc.string(),
        fc.string().map((text) => `/${text}`),
        fc.webUrl(),
      ),
      httpVersion: fc.constantFrom("1.1", "1.0", "2.0"),
      rawFields: fc.array(fc.oneof(fc.constantFrom("Host", "example.com", "Content-Length"), fc.string())),
    });
    fc.assert(
      fc.property(any, (given) => {
        if (refuseRequest(given) === undefined) expect(originForm(given.target)).to.match(/^\/[\x21-\x7e]*$/);
      }),
    );
  });
});

describe("originForm", () => {
  it("keeps a path byte for byte, and takes it out of an absolute target", () => {
    for (const target of ["/", "/a/../b", "//evil/x", "/%2e%2e", "/a?b?c"])
      expect(originForm(target)).to.equal(target);
    expect(originForm("http://example.com")).to.equal("/");
    expect(originForm("http://example.com?q")).to.equal("/?q");
    expect(originForm("http://example.com/a//b?c")).to.equal("/a//b?c");
  });
});

describe("authorityOf", () => {
  it("is the host in lower case, with a port that is given", () => {
    expect(authorityOf(head({}, "Host: EXAMPLE.com:8080"))).to.equal("example.com:8080");
    expect(authorityOf(head({ target: "http://Example.com/x" }))).to.equal("example.com");
    expect(authorityOf(head({ httpVersion: "1.0" }, "X: 1"))).to.equal(undefined);
  });
});
