import { expect } from "chai";
import { backOff, NO_TRIES, nextOrderAt, orderDue, rest, unitOf, withOrder } from "./renewal.ts";

const DAY = 24 * 3_600_000;
const MINUTE = 60_000;
const held = { validFrom: 0, validTo: 90 * DAY };

describe("when a certificate is ordered", () => {
  it("is at once without one, at two thirds of its life or up to a twentieth of it earlier with one", () => {
    expect(orderDue(undefined, undefined, NO_TRIES, 0.5)).to.equal(0);
    expect(orderDue(held, undefined, NO_TRIES, 0)).to.be.closeTo(60 * DAY, 1);
    expect(orderDue(held, undefined, NO_TRIES, 1)).to.be.closeTo(55.5 * DAY, 1);
    expect(orderDue({ validFrom: 0, validTo: 6 * DAY }, undefined, NO_TRIES, 0)).to.be.closeTo(4 * DAY, 1);
  });

  it("is in the window that the CA suggests, unless that begins after the end of the certificate", () => {
    const window = { start: 10 * DAY, end: 12 * DAY };
    expect(orderDue(held, window, NO_TRIES, 0)).to.equal(10 * DAY);
    expect(orderDue(held, window, NO_TRIES, 0.5)).to.equal(11 * DAY);
    expect(orderDue(held, { start: 89 * DAY, end: 200 * DAY }, NO_TRIES, 1)).to.equal(90 * DAY);
    expect(orderDue(held, { start: 90 * DAY, end: 91 * DAY }, NO_TRIES, 0)).to.be.closeTo(60 * DAY, 1);
  });

  it("is never before the wait after a failure", () => {
    const tries = { failures: 1, notBefore: 61 * DAY };
    expect(orderDue(undefined, undefined, tries, 0)).to.equal(61 * DAY);
    expect(orderDue(held, undefined, tries, 0)).to.equal(61 * DAY);
  });
});

describe("the rest after a certificate came", () => {
  it("is a day, or a third of a short life", () => {
    expect(rest(held)).to.equal(DAY);
    expect(rest({ validFrom: 0, validTo: 3 * DAY + 3 })).to.equal(DAY);
    expect(rest({ validFrom: 0, validTo: 3 * MINUTE })).to.be.closeTo(MINUTE, 1);
  });
});

describe("the wait after failures", () => {
  it("doubles from 5 minutes to 12 hours, with up to a quarter more", () => {
    expect([1, 2, 3, 8, 9, 60].map((failures) => backOff(failures, 0, 0) / MINUTE)).to.deep.equal([
      5, 10, 20, 640, 720, 720,
    ]);
    expect(backOff(1, 0, 1)).to.equal(6.25 * MINUTE);
  });

  it("is as long as the CA asks for, up to 8 days, and never shorter than its own", () => {
    expect(backOff(1, 30 * 60 * MINUTE, 0)).to.equal(30 * 60 * MINUTE);
    expect(backOff(1, MINUTE, 0)).to.equal(5 * MINUTE);
    expect(backOff(1, 8 * DAY, 0)).to.equal(8 * DAY);
    expect(backOff(1, 8 * DAY + 1, 0)).to.equal(8 * DAY);
  });
});

describe("the orders of an hour", () => {
  it("are at most 50", () => {
    let orders: readonly number[] = [];
    for (let order = 0; order < 49; order += 1) orders = withOrder(orders, order);
    expect(nextOrderAt(orders)).to.equal(0);
    orders = withOrder(orders, 49);
    expect(nextOrderAt(orders)).to.equal(60 * MINUTE);
    orders = withOrder(orders, 60 * MINUTE);
    expect(orders).to.have.length(50);
    expect(nextOrderAt(orders)).to.equal(60 * MINUTE + 1);
  });
});

describe("the place of a certificate in its window", () => {
  it("is the same for the same text, and spreads over [0, 1)", () => {
    expect(unitOf("a")).to.equal(unitOf("a"));
    const units = Array.from({ length: 1_000 }, (_, index) => unitOf(String(index)));
    expect(Math.min(...units)).to.be.within(0, 0.05);
    expect(Math.max(...units)).to.be.within(0.95, 1 - Number.EPSILON);
  });
});
