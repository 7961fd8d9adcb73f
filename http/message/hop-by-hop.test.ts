import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "./fields.ts";
import { connectionNames, endToEnd } from "./hop-by-hop.ts";

const names = (...lines: readonly string[]): readonly string[] => [
  ...endToEnd(Fields.of(lines.map((line) => line.split(": ", 2) as [string, string]))).names(),
];

describe("endToEnd", () => {
  it("removes what belongs to the connection, whether or not Connection names it", () => {
    const hop = ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info"];
    const more = ["Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"];
    expect(names(...[...hop, ...more, "X"].map((name) => `${name}: 1`))).to.deep.equal(["x"]);
  });

  it("removes what any line of Connection names, in any case", () => {
    expect(names("Connection: close, A", "connection: ,b", "a: 1", "B: 2", "c: 3")).to.deep.equal(["c"]);
  });

  it("keeps a field meant for all recipients that Connection names all the same", () => {
    const lines = [
      "Connection: Cache-Control, vary, Host, Cookie",
      "Cache-Control: no-store",
      "Vary: a",
      "Cookie: b",
    ];
    expect(names(...lines)).to.deep.equal(["cache-control", "vary", "cookie"]);
  });

  it("keeps Proxy-Status, which tells every recipient of an error", () => {
    expect(names("Proxy-Status: edge; error=x")).to.deep.equal(["proxy-status"]);
  });
});

describe("connectionNames", () => {
  it("drops exactly what endToEnd drops", () => {
    const names = ["Connection", "TE", "a", "B", "Vary", "x-c", "Keep-Alive", "Proxy-Status"];
    const value = fc.constantFrom(
      "keep-alive",
      "close",
      "a",
      "A, close",
      " b ,vary,,",
      '"a, b"',
      "x-c, te, a",
    );
    const lines = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 12 });
    fc.assert(
      fc.property(lines, (given) => {
        const dropped = connectionNames(given.flat());
        const kept = given.filter(([name]) => !dropped.has(name.toLowerCase()));
        expect(kept).to.deep.equal([...endToEnd(Fields.of(given))]);
      }),
    );
  });
});
