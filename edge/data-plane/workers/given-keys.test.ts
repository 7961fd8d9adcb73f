import { expect } from "chai";
import { GivenKeys } from "./given-keys.ts";
import { SharedWords, type Ticket } from "./shared-words.ts";

describe("the keys whose responses serving threads hold", () => {
  let words: SharedWords;
  let keys: GivenKeys;

  beforeEach(() => {
    words = new SharedWords(undefined, 3);
    keys = new GivenKeys(words);
  });

  function give(key: string, target = `/${key}`): Ticket {
    const ticket = keys.give(key, target);
    if (ticket === undefined) throw new Error(`no ticket for ${key}`);
    return ticket;
  }

  it("have one slot for all threads, until something under the key changes", () => {
    const [first, second] = [give("a"), give("a")];
    expect(second).to.deep.equal(first);
    expect(keys.keyOf(first.slot)).to.equal("a");
    keys.changed("a");
    expect(words.isCurrent(first)).to.equal(false);
    expect(keys.keyOf(first.slot)).to.equal(undefined);
  });

  it("leave the copies of other keys current", () => {
    const [a, b] = [give("a"), give("b")];
    keys.changed("b");
    keys.changed("never given");
    expect([words.isCurrent(a), words.isCurrent(b)]).to.deep.equal([true, false]);
  });

  it("take over a slot of which no copy is current any more", () => {
    const a = give("a");
    keys.changed("a");
    const b = give("b");
    expect(b.slot).to.equal(a.slot);
    expect([words.isCurrent(a), words.isCurrent(b)]).to.deep.equal([false, true]);
  });

  it("begin anew when there is one more than there are slots", () => {
    const given = [give("a"), give("b"), give("c")];
    expect(given.map((ticket) => words.isCurrent(ticket))).to.deep.equal([true, true, true]);
    const d = give("d");
    expect(given.map((ticket) => words.isCurrent(ticket))).to.deep.equal([false, false, false]);
    expect(words.isCurrent(d)).to.equal(true);
  });

  it("are not given where a response for another target of the path may stand for them", () => {
    const before = give("a", "/page?x=1");
    keys.standsForOthers("/page?y=1");
    expect(words.isCurrent(before)).to.equal(false);
    expect(keys.give("a", "/page?x=1")).to.equal(undefined);
    expect(keys.give("b", "/other?x=1")).to.be.an("object");
  });

  it("are dropped once for each path, however often such a response is stored", () => {
    keys.standsForOthers("/page?y=1");
    const other = give("b", "/other");
    keys.standsForOthers("/page?z=1");
    expect(words.isCurrent(other)).to.equal(true);
  });
});
