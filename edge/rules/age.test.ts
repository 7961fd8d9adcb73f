import { expect } from "chai";
import fc from "fast-check";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import { NOW, stored, withHead } from "../../test/rig/message.fixture.ts";
import { currentAge } from "./age.ts";

const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

describe("currentAge", () => {
  const cases: readonly (readonly [readonly string[], number])[] = [
    [[], 0],
    [[`Date: ${at(0)}`], 0],
    [[`Date: ${at(-30)}`], 30],
    [[`Date: ${at(30)}`], 0],
    [["Date: never"], 0],
    [["Age: 7"], 7],
    [["Age: 007"], 7],
    [["Age: 7", `Date: ${at(-30)}`], 30],
    [["Age: 70", `Date: ${at(-30)}`], 70],
    [["Age: 7, 9"], 7],
    [["Age: 7", "Age: 9"], 7],
    [["Age: 0, 7200"], 0],
    [["Age: 99999999999999999999"], 2_147_483_648],
    [["Age: -5"], 0],
    [["Age: 5.0"], 0],
    [["Age: abc"], 0],
    [["Age:"], 0],
  ];
  for (const [lines, expected] of cases) {
    it(`is ${expected} on arrival with ${lines.join("; ") || "no field"}`, () => {
      expect(currentAge(stored(...lines), NOW)).to.equal(expected);
    });
  }

  it("counts the time that the response took and the time since it arrived", () => {
    const head = withHead(stored("Age: 7"), { requestTime: NOW - 2_000 });
    expect(currentAge(head, NOW + 3_000)).to.equal(12);
  });

  it("does not count the part of a second that Date leaves out", () => {
    const head = withHead(stored(`Date: ${at(0)}`), { requestTime: NOW + 990, responseTime: NOW + 990 });
    expect(currentAge(head, NOW + 1_980)).to.equal(0);
    expect(currentAge(head, NOW + 1_990)).to.equal(1);
  });

  it("never is negative, and never decreases as time goes on", () => {
    const time = fc.integer({ min: NOW - 1e9, max: NOW + 1e9 });
    const lines = fc.array(
      fc.oneof(
        fc.tuple(fc.constant("Age"), fc.oneof(fc.string(), fc.nat().map(String))),
        fc.tuple(fc.constant("Date"), time.map(formatHttpDate)),
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(lines, time, time, time, time, (fields, requestTime, responseTime, a, b) => {
        const head = withHead(stored(), { fields: Fields.of(fields), requestTime, responseTime });
        const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
        expect(currentAge(head, earlier)).to.be.at.least(0);
        expect(currentAge(head, later)).to.be.at.least(currentAge(head, earlier));
      }),
    );
  });
});
