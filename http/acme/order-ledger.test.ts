import { expect } from "chai";
import {
  begun,
  entryOf,
  failed,
  issued,
  leftOff,
  parseLedger,
  suggested,
  unfinished,
} from "./order-ledger.ts";
import { LONGEST_WAIT_MS } from "./renewal.ts";

const NOW = 1_800_000_000_000;
const EMPTY = parseLedger(undefined, NOW);
const after = { now: NOW, askedMs: 0, unit: 0 };

describe("the ledger of orders", () => {
  it("is empty when it is missing or damaged", () => {
    for (const text of [
      undefined,
      "",
      "{",
      "null",
      "[]",
      '{"orders":1}',
      '{"orders":[],"hosts":{"a":{"failures":-1}}}',
    ])
      expect(parseLedger(text, NOW), text).to.deep.equal({ orders: [], hosts: {} });
  });

  it("says the same when it is read again", () => {
    const ledger = suggested(failed(begun(EMPTY, "a.example", NOW), "a.example", after), "b.example", {
      of: "x.y",
      window: { start: 1, end: 2 },
      askAt: NOW + 1,
    });
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    expect(plain(parseLedger(JSON.stringify(ledger), NOW))).to.deep.equal(plain(ledger));
  });

  it("counts an order from its beginning, and knows that it is not over", () => {
    const ledger = begun(EMPTY, "a.example", NOW);
    expect(ledger.orders).to.deep.equal([NOW]);
    expect(unfinished(ledger)).to.deep.equal(["a.example"]);
    expect(unfinished(leftOff(ledger, "a.example"))).to.deep.equal([]);
    expect(entryOf(leftOff(ledger, "a.example"), "a.example").failures).to.equal(0);
  });

  it("counts failures of each host until a certificate comes", () => {
    const twice = failed(failed(EMPTY, "a.example", after), "a.example", after);
    expect(entryOf(twice, "a.example")).to.include({ failures: 2, notBefore: NOW + 600_000 });
    expect(entryOf(twice, "b.example").failures).to.equal(0);
    expect(entryOf(issued(twice, "a.example", 7), "a.example")).to.include({ failures: 0, notBefore: 7 });
  });

  it("forgets times that only a wrong clock can have written", () => {
    const read = (notBefore: number, order: number, askAt: number) => {
      const entry = { failures: 1, notBefore, renewal: { of: "x", askAt } };
      return parseLedger(JSON.stringify({ orders: [order], hosts: { a: entry } }), NOW);
    };
    const longest = NOW + LONGEST_WAIT_MS;
    const good = read(longest, NOW, longest);
    expect([good.orders, entryOf(good, "a").notBefore]).to.deep.equal([[NOW], longest]);
    expect(entryOf(good, "a").renewal?.askAt).to.equal(longest);
    const wrong = read(longest + 1, NOW + 1, longest + 1);
    expect([wrong.orders, entryOf(wrong, "a").notBefore]).to.deep.equal([[], NOW]);
    expect(entryOf(wrong, "a").renewal).to.equal(undefined);
  });
});
