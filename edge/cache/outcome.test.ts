import { expect } from "chai";
import fc from "fast-check";
import { parseList } from "structured-headers";
import { Fields } from "../../http/message/fields.ts";
import { appendCacheStatus, type CacheOutcome, cacheStatusMember, type XCache, xCache } from "./outcome.ts";

const member = (outcome: CacheOutcome, id = "edge-1"): string => cacheStatusMember(id, outcome);

describe("cacheStatusMember", () => {
  const cases: readonly (readonly [CacheOutcome, string, XCache])[] = [
    [{ kind: "hit", ttl: 52 }, "edge-1; hit; ttl=52", "HIT"],
    [
      { kind: "stale", ttl: -412, refreshing: true, detail: "stale-while-revalidate" },
      "edge-1; hit; ttl=-412; detail=stale-while-revalidate",
      "STALE",
    ],
    [
      { kind: "revalidated", fwd: "stale", fwdStatus: 304, stored: true, ttl: 60 },
      "edge-1; fwd=stale; fwd-status=304; ttl=60; stored",
      "REVALIDATED",
    ],
    [
      { kind: "miss", fwd: "uri-miss", fwdStatus: 200, ttl: 60, stored: true, collapsed: true },
      "edge-1; fwd=uri-miss; fwd-status=200; ttl=60; stored; collapsed",
      "MISS",
    ],
    [
      { kind: "miss", fwd: "vary-miss", fwdStatus: 200, stored: false, collapsed: false, detail: "no-store" },
      "edge-1; fwd=vary-miss; fwd-status=200; detail=no-store",
      "MISS",
    ],
    [
      { kind: "bypass", fwd: "method", fwdStatus: 201, detail: "POST" },
      "edge-1; fwd=method; fwd-status=201; detail=POST",
      "BYPASS",
    ],
    [{ kind: "error", fwd: "stale", detail: "timed out" }, 'edge-1; fwd=stale; detail="timed out"', "MISS"],
    [
      { kind: "error", fwd: "bypass", detail: "two-host-fields" },
      "edge-1; fwd=bypass; detail=two-host-fields",
      "BYPASS",
    ],
  ];
  for (const [outcome, expected, word] of cases) {
    it(`writes ${outcome.kind} as ${expected}`, () => {
      expect(member(outcome)).to.equal(expected);
      expect(xCache(outcome)).to.equal(word);
    });
  }

  it("writes an id that is no token as a string", () => {
    expect(member({ kind: "hit", ttl: 1 }, "1-edge")).to.equal('"1-edge"; hit; ttl=1');
    expect(member({ kind: "hit", ttl: 1 }, "Edge_1.b")).to.equal("Edge_1.b; hit; ttl=1");
  });

  it("writes times in whole seconds", () => {
    expect(member({ kind: "hit", ttl: 1.9 })).to.equal("edge-1; hit; ttl=1");
    const largest = 999_999_999_999_999;
    for (const ttl of [largest, largest + 1]) {
      expect(member({ kind: "hit", ttl })).to.equal(`edge-1; hit; ttl=${largest}`);
      expect(member({ kind: "hit", ttl: -ttl })).to.equal(`edge-1; hit; ttl=-${largest}`);
    }
    expect(member({ kind: "hit", ttl: largest - 1 })).to.equal(`edge-1; hit; ttl=${largest - 1}`);
    expect(member({ kind: "hit", ttl: -0.5 })).to.equal("edge-1; hit; ttl=-1");
  });

  it("always parses as one member, whatever the detail holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (detail) => {
        const value = member({ kind: "error", fwd: "uri-miss", detail });
        expect(value).to.match(/^[\x20-\x7e]*$/);
        expect(parseList(value)).to.have.length(1);
      }),
    );
  });
});

describe("appendCacheStatus", () => {
  const ours = "edge-1; hit; ttl=1";

  it("comes after the members of the caches nearer to the origin", () => {
    const upstream = Fields.of([
      ["Cache-Status", "a; fwd=uri-miss"],
      ["cache-status", "b; hit"],
    ]);
    expect(appendCacheStatus(upstream, ours)).to.equal(`a; fwd=uri-miss, b; hit, ${ours}`);
    expect(appendCacheStatus(Fields.none, ours)).to.equal(ours);
  });

  it("drops what does not parse, or is empty", () => {
    for (const value of ["a; =", "", ",", 'x"', "a\x00"]) {
      expect(appendCacheStatus(Fields.of([["Cache-Status", value]]), ours)).to.equal(ours);
    }
  });
});
