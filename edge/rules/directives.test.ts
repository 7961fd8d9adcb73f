import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "../../http/message/fields.ts";
import { fieldsOf } from "../../test/rig/message.fixture.ts";
import {
  type DeltaSeconds,
  MAX_DELTA_SECONDS,
  parseDirectives,
  requestDirectives,
  responseDirectives,
} from "./directives.ts";

const response = (...lines: readonly string[]) => responseDirectives(parseDirectives(lines));

describe("responseDirectives", () => {
  const ages: readonly (readonly [string, DeltaSeconds | undefined])[] = [
    ["max-age=60", 60],
    ["MaX-aGe=60", 60],
    ["max-age=0", 0],
    ["max-age=003600", 3600],
    ['max-age="60"', 60],
    ["max-age=2147483648", MAX_DELTA_SECONDS],
    ["max-age=99999999999", MAX_DELTA_SECONDS],
    [`max-age=${"9".repeat(400)}`, MAX_DELTA_SECONDS],
    ["max-age=9223372036854775808", MAX_DELTA_SECONDS],
    ["max-age", "invalid"],
    ["max-age=", "invalid"],
    ["max-age=-1", "invalid"],
    ["max-age=+60", "invalid"],
    ["max-age=1e9", "invalid"],
    ["max-age=0x10", "invalid"],
    ["max-age=60.0", "invalid"],
    ["max-age=60a", "invalid"],
    ["max-age='60'", "invalid"],
    ["max-age =60", "invalid"],
    ["max-age= 60", "invalid"],
    ["max-age=60;x", "invalid"],
    ["max-age=١٢", "invalid"],
    ["max-age=1800, max-age=1", 1800],
    ["max-age=1, max-age=1800", 1],
    ["max-age=x, max-age=1800", "invalid"],
    ['extension="max-age=3600", max-age=1', 1],
    ['max-age=1, extension="max-age=3600"', 1],
    ["xmax-age=60", undefined],
    ["", undefined],
  ];
  for (const [line, expected] of ages) {
    it(`reads max-age of ${line.slice(0, 60)} as ${expected}`, () => {
      expect(response(line).maxAge).to.equal(expected);
    });
  }

  it("takes the first of two lines", () => {
    expect(response("max-age=1", "max-age=1800").maxAge).to.equal(1);
  });

  it("does not let an unclosed quote hide the directives after it", () => {
    expect(response('private="x, no-store').noStore).to.equal(true);
    expect(response('x="', "no-store").noStore).to.equal(true);
  });

  const scopes: readonly (readonly [string, "all" | readonly string[] | undefined])[] = [
    ["private", "all"],
    ['private="set-cookie"', ["set-cookie"]],
    ['private="A, b"', ["a", "b"]],
    ["private=a", ["a"]],
    ['private="a", private="b"', ["a", "b"]],
    ['private="a", private', "all"],
    ['private=""', "all"],
    ["private=", "all"],
    ['private="a,"', "all"],
    ['private="a b"', "all"],
    ["private =a", "all"],
    ['private="vary"', "all"],
    ['private="Cache-Control"', "all"],
    ["public", undefined],
  ];
  for (const [line, expected] of scopes) {
    it(`reads ${line} as covering ${expected}`, () => {
      const scope = response(line).private;
      expect(scope instanceof Set ? [...scope] : scope).to.deep.equal(expected);
      const noCache = response(line.replaceAll("private", "no-cache")).noCache;
      expect(noCache instanceof Set ? [...noCache] : noCache).to.deep.equal(expected);
    });
  }

  it("takes a restriction with an unknown argument, and does not take such a permission", () => {
    const read = response('no-store=1, must-revalidate="x", public=1, must-understand=1, immutable=1');
    expect([read.noStore, read.mustRevalidate]).to.deep.equal([true, true]);
    expect([read.public, read.mustUnderstand, read.immutable]).to.deep.equal([false, false, false]);
  });

  it("never throws, and gives seconds that are whole and within range", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.stringMatching(/^max-age=\S*$/))), (lines) => {
        const { maxAge } = response(...lines);
        if (typeof maxAge === "number") expect(maxAge).to.be.within(0, MAX_DELTA_SECONDS);
      }),
    );
  });
});

describe("requestDirectives", () => {
  it("reads max-stale without an argument as any staleness, and a malformed one as invalid", () => {
    expect(requestDirectives(fieldsOf("Cache-Control: max-stale")).maxStale).to.equal("any");
    expect(requestDirectives(fieldsOf("Cache-Control: max-stale=5")).maxStale).to.equal(5);
    expect(requestDirectives(fieldsOf("Cache-Control: max-stale=x")).maxStale).to.equal("invalid");
    expect(requestDirectives(Fields.none).maxStale).to.equal(undefined);
  });

  it("takes Pragma: no-cache only where Cache-Control is absent", () => {
    expect(requestDirectives(fieldsOf("Pragma: no-cache")).noCache).to.equal(true);
    expect(requestDirectives(fieldsOf("Pragma: x, No-Cache")).noCache).to.equal(true);
    expect(requestDirectives(fieldsOf("Pragma: no-cache", "Cache-Control: max-age=5")).noCache).to.equal(
      false,
    );
    expect(requestDirectives(fieldsOf("Pragma: other")).noCache).to.equal(false);
  });

  it("reads the flags", () => {
    const read = requestDirectives(fieldsOf("Cache-Control: no-store, only-if-cached, min-fresh=7"));
    expect(read).to.include({ noStore: true, onlyIfCached: true, noCache: false, minFresh: 7 });
  });
});
