import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { plainBody } from "./origin.ts";
import { upstreamRequest } from "./upstream-request.ts";

const TO = { path: "/a?b", via: "edge-1", host: undefined, baseHost: "o.example:81" };
const MARKS = "Via: 1.1 edge-1\r\nCDN-Loop: edge-1\r\n";

function sent(method: string, lines: readonly (readonly [string, string])[] = [], more = {}, to = {}) {
  const request = { method, target: "/a?b", fields: Fields.of(lines), ...more };
  return upstreamRequest(request, { ...TO, ...to });
}

describe("upstreamRequest", () => {
  it("writes its own Host, and what the edge adds", () => {
    const { head, framing, persists } = sent("GET", [["Accept", "a"]]);
    const first = "GET /a?b HTTP/1.1\r\nhost: o.example:81\r\nconnection: keep-alive\r\n";
    expect(head).to.equal(`${first}Accept: a\r\n${MARKS}\r\n`);
    expect([framing, persists]).to.deep.equal([{ kind: "none" }, true]);
  });

  it("offers the one protocol of a tunnel, and keeps the body for the answer", () => {
    const lines = [
      ["Connection", "Upgrade, x"],
      ["Upgrade", "h2c"],
      ["X", "y"],
      ["Content-Length", "0"],
    ] as const;
    const { head, framing, persists } = sent("GET", lines, { upgrade: "websocket", body: plainBody() });
    const first = "GET /a?b HTTP/1.1\r\nhost: o.example:81\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    expect(head).to.equal(`${first}${MARKS}\r\n`);
    expect([framing, persists]).to.deep.equal([{ kind: "none" }, false]);
  });

  it("says that the client takes trailers, on a connection that it keeps", () => {
    const { head, persists } = sent("GET", [["TE", "gzip"]], { takesTrailers: true });
    expect(head).to.contain("\r\nconnection: keep-alive, te\r\nte: trailers\r\n").and.not.to.contain("gzip");
    expect(persists).to.equal(true);
    expect(sent("HEAD", [], { takesTrailers: true }).head).not.to.contain("te: trailers");
  });

  it("tells the host that the client named", () => {
    const { head } = sent("GET", [["X-Forwarded-Host", "evil"]], {}, { host: "c.example" });
    expect(head).to.contain("\r\nhost: c.example\r\n").and.to.contain("\r\nX-Forwarded-Host: c.example\r\n");
    expect(head).not.to.contain("evil");
  });

  it("uses no connection again after a HEAD, or a body that the method does not have", () => {
    expect(sent("HEAD").persists).to.equal(false);
    expect(sent("HEAD").head).to.contain("\r\nconnection: close\r\n");
    expect(sent("DELETE").persists).to.equal(true);
    expect(sent("DELETE", [], { body: plainBody() }).persists).to.equal(false);
    expect(sent("POST", [], { body: plainBody() }).persists).to.equal(true);
  });

  for (const [what, method, lines, more, line] of [
    ["nothing of a GET's", "GET", [["Content-Length", "3"]], {}, ""],
    [
      "the length of a body that is not there",
      "POST",
      [["Content-Length", "3"]],
      {},
      "content-length: 0\r\n",
    ],
    ["a known length", "POST", [["Content-Length", "3"]], { body: plainBody() }, "content-length: 3\r\n"],
    [
      "chunks",
      "POST",
      [["Transfer-Encoding", "gzip"]],
      { body: plainBody() },
      "transfer-encoding: chunked\r\n",
    ],
  ] as const) {
    it(`frames the content itself: ${what}`, () => {
      expect(sent(method, lines, more).head.endsWith(`${MARKS}${line}\r\n`)).to.equal(true);
    });
  }

  for (const length of ["3, 3", "+3", "", "1234567890123456"]) {
    it(`sends no body of the length ${JSON.stringify(length)}`, () => {
      expect(() => sent("POST", [["Content-Length", length]], { body: plainBody() })).to.throw(
        /^not one Content-Length/,
      );
    });
  }

  for (const [what, make] of [
    ["the value of a field", () => sent("GET", [["A", "b\r\nEvil: 1"]])],
    ["the name of a field", () => sent("GET", [["A: 1\r\nEvil", "b"]])],
    ["a lone CR", () => sent("GET", [["A", "b\rc"]])],
    ["a lone LF", () => sent("GET", [["A", "b\nc"]])],
    ["a NUL", () => sent("GET", [["A", "b\0c"]])],
    ["the path", () => sent("GET", [], {}, { path: "/ HTTP/1.1\r\nEvil: 1" })],
    ["a space in the path", () => sent("GET", [], {}, { path: "/a b" })],
    ["the method", () => sent("GET /evil HTTP/1.1\r\n")],
    ["the host", () => sent("GET", [], {}, { host: "a\r\nEvil: 1" })],
  ] as const) {
    it(`sends no request that an origin could take for another one: ${what}`, () => {
      expect(make).to.throw(/^not a part of a (request|field) line/);
    });
  }
});
