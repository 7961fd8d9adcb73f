import { expect } from "chai";
import { get } from "../../test/rig/message.fixture.ts";
import { withoutDemands } from "./client-demands.ts";

describe("a request without its demands", () => {
  const without = (...lines: readonly string[]) =>
    [...withoutDemands(get(...lines)).fields].slice(1).map((line) => line.join(": "));

  for (const line of [
    "Cache-Control: no-cache",
    "Cache-Control: NO-Store, max-age=0, min-fresh=9",
    "Pragma: no-cache",
    'If-Match: "a"',
    "If-Unmodified-Since: Thu, 15 Jan 2026 12:00:00 GMT",
  ]) {
    it(`has no ${line}`, () => expect(without(line)).to.deep.equal([]));
  }

  it("keeps what spares the origin, and every other field", () => {
    expect(
      without(
        "Cache-Control: no-cache, only-if-cached",
        "Cache-Control: max-stale=5, max-age=1",
        "Accept: a/b",
      ),
    ).to.deep.equal(["Cache-Control: only-if-cached, max-stale=5", "Accept: a/b"]);
    expect(without('If-None-Match: "a"', "Range: bytes=0-1")).to.deep.equal([
      'If-None-Match: "a"',
      "Range: bytes=0-1",
    ]);
  });
});
