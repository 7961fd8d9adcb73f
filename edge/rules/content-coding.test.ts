import { expect } from "chai";
import { fieldsOf, get, later, stored } from "../../test/rig/message.fixture.ts";
import { acceptsCodings, codingsOf } from "./content-coding.ts";
import { judge } from "./judge.ts";
import { TRUSTED } from "./purge-standing.ts";

describe("content codings", () => {
  const cases: readonly (readonly [string, string | undefined, boolean])[] = [
    ["br", "gzip, br", true],
    ["br", "gzip, br;q=0", false],
    ["br", "gzip", false],
    ["br", "", false],
    ["br", undefined, false],
    ["br", "*", true],
    ["br", "*, br;q=0", false],
    ["br", "*;q=0", false],
    ["x-gzip", "GZIP", true],
    ["gzip, br", "br", false],
    ["gzip, br", "br, gzip;q=0.001", true],
    ["identity", undefined, true],
    ["of-our-own", undefined, true],
  ];
  for (const [coding, accepted, expected] of cases) {
    it(`${coding} is ${expected ? "" : "not "}for a request with Accept-Encoding: ${accepted ?? "nothing"}`, () => {
      expect(acceptsCodings(accepted, codingsOf(fieldsOf(`Content-Encoding: ${coding}`)))).to.equal(expected);
    });
  }

  it("decide who gets a stored response, unless Vary names Accept-Encoding", () => {
    const kind = (response: readonly string[], ...request: readonly string[]) =>
      judge(get(...request), [stored("Cache-Control: max-age=60", ...response)], () => TRUSTED, later(0))
        .kind;
    expect(kind(["Content-Encoding: br"], "Accept-Encoding: br")).to.equal("fresh");
    expect(kind(["Content-Encoding: br"], "Accept-Encoding: gzip")).to.equal("absent");
    expect(kind(["Content-Encoding: br"])).to.equal("absent");
    expect(kind(["Content-Encoding: br", "Vary: Accept-Encoding"])).to.equal("fresh");
  });
});
