import { expect } from "chai";
import fc from "fast-check";
import { formatHttpDate, parseHttpDate } from "./date.ts";

describe("parseHttpDate", () => {
  const thatSunday = Date.UTC(1994, 10, 6, 8, 49, 37);
  const valid: readonly (readonly [string, number])[] = [
    ["Sun, 06 Nov 1994 08:49:37 GMT", thatSunday],
    ["Sunday, 06-Nov-94 08:49:37 GMT", thatSunday],
    ["Sun Nov  6 08:49:37 1994", thatSunday],
    ["Sun Nov 06 08:49:37 1994", thatSunday],
    ["SUN, 06 NOV 1994 08:49:37 gmt", thatSunday],
    ["Thu, 18 Aug 2050 02:01:18 GMT", Date.UTC(2050, 7, 18, 2, 1, 18)],
    ["Thursday, 18-Aug-50 02:01:18 GMT", Date.UTC(2050, 7, 18, 2, 1, 18)],
    ["Friday, 01-Jan-77 00:00:00 GMT", Date.UTC(1977, 0, 1)],
    ["Wednesday, 01-Jan-76 00:00:00 GMT", Date.UTC(2076, 0, 1)],
    ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
    ["Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
    ["Fri, 31 Dec 9999 23:59:59 GMT", Date.UTC(9999, 11, 31, 23, 59, 59)],
  ];
  for (const [text, expected] of valid) {
    it(`reads ${text}`, () => {
      expect(parseHttpDate(text)).to.equal(expected);
    });
  }

  const invalid = [
    "",
    "0",
    "-1",
    "now",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Sun, 06  Nov  1994 08:49:37 GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08.49.37 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Thu, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    " Sun, 06 Nov 1994 08:49:37 GMT",
  ];
  for (const text of invalid) {
    it(`refuses "${text}"`, () => {
      expect(parseHttpDate(text)).to.equal(undefined);
    });
  }

  it("reads what formatHttpDate writes", () => {
    const second = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) / 1000 });
    fc.assert(
      fc.property(second, (time) => {
        expect(parseHttpDate(formatHttpDate(time * 1000))).to.equal(time * 1000);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseHttpDate(text)));
  });
});
