import { expect } from "chai";
import fc from "fast-check";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import { later, NOW, stored, withHead } from "../../test/rig/message.fixture.ts";
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
      expect(currentAge(stored(...lines), later(0))).to.equal(expected);
    });
  }

  it("counts the time that the response took and the time since it arrived", () => {
    const head = withHead(stored("Age: 7"), { requestTime: later(-2_000) });
    expect(currentAge(head, later(3_000))).to.equal(12);
  });

  it("does not count the part of a second that Date leaves out", () => {
    const head = withHead(stored(`Date: ${at(0)}`), { requestTime: later(990), responseTime: later(990) });
    expect(currentAge(head, later(1_980))).to.equal(0);
    expect(currentAge(head, later(1_990))).to.equal(1);
  });

  it("never decreases when the wall clock is set back by an hour", () => {
    const head = withHead(stored("Age: 7"), { requestTime: later(-2_000) });
    const setBack = { ...later(3_000), wall: NOW + 3_000 - 3_600_000 };
    expect(currentAge(head, setBack)).to.equal(12);
  });

  it("counts the time for which the machine was suspended, which the monotonic clock does not", () => {
    expect(currentAge(stored("Age: 7"), { wall: NOW + 60_000, monotonic: 1_000 })).to.equal(67);
  });

  it("counts how long a response took although the wall clock was set back meanwhile", () => {
    const responseTime = { wall: NOW - 3_600_000, monotonic: 2_000 };
    const head = withHead(stored("Age: 7"), { requestTime: later(0), responseTime });
    expect(currentAge(head, responseTime)).to.equal(9);
  });

  it("never is negative, and never decreases as time goes on, whatever the wall clock is set to", () => {
    const wall = fc.integer({ min: NOW - 1e9, max: NOW + 1e9 });
    const moment = fc.record({ wall, monotonic: fc.nat(1e9) });
    const lines = fc.array(
      fc.oneof(
        fc.tuple(fc.constant("Age"), fc.oneof(fc.string(), fc.nat().map(String))),
        fc.tuple(fc.constant("Date"), wall.map(formatHttpDate)),
      ),
      { maxLength: 3 },
    );
    const given = fc.tuple(lines, moment, moment, moment, fc.nat(1e9), wall);
    fc.assert(
      fc.property(given, ([fields, requestTime, responseTime, earlier, passed, setTo]) => {
        const head = withHead(stored(), { fields: Fields.of(fields), requestTime, responseTime });
        const monotonic = earlier.monotonic + passed;
        expect(currentAge(head, earlier)).to.be.at.least(0);
        const running = { wall: earlier.wall + passed, monotonic };
        expect(currentAge(head, running)).to.be.at.least(currentAge(head, earlier));
        const unset = { wall: responseTime.wall + monotonic - responseTime.monotonic, monotonic };
        expect(currentAge(head, { wall: setTo, monotonic })).to.be.at.least(currentAge(head, unset));
      }),
    );
  });
});
