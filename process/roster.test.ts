import { expect } from "chai";
import { leftBehind } from "../test/rig/garbage.ts";
import { Roster } from "./roster.ts";

describe("Roster", () => {
  it("has its members in the order in which they came", () => {
    const roster = new Roster<string>();
    expect([[...roster], roster.first]).to.deep.equal([[], undefined]);
    for (const member of ["a", "b", "a"]) roster.add(member);
    expect([[...roster], roster.first?.member]).to.deep.equal([["a", "b", "a"], "a"]);
  });

  it("lets a member leave from any place, once", () => {
    for (const gone of [0, 1, 2]) {
      const roster = new Roster<number>();
      const places = [0, 1, 2].map((member) => roster.add(member));
      places[gone]?.leave();
      places[gone]?.leave();
      roster.add(3);
      expect([...roster]).to.deep.equal([0, 1, 2, 3].filter((member) => member !== gone));
    }
  });

  it("puts a member behind all others again, in the place that it has", () => {
    for (const renewed of [0, 1, 2]) {
      const roster = new Roster<number>();
      const places = [0, 1, 2].map((member) => roster.add(member));
      const place = places[renewed];
      if (place === undefined) throw new Error("there are three");
      roster.renew(place);
      const others = [0, 1, 2].filter((member) => member !== renewed);
      expect([...roster, roster.first?.member]).to.deep.equal([...others, renewed, others[0]]);
      place.leave();
      roster.renew(place);
      new Roster<number>().renew(place);
      expect([...roster]).to.deep.equal(others);
    }
  });

  it("keeps nothing of a member that has left, and its place names no other", () => {
    const roster = new Roster<object>();
    const [first, second, third] = [roster.add({}), roster.add({}), roster.add({})];
    second.leave();
    expect([second.before, second.after, second.roster]).to.deep.equal([undefined, undefined, undefined]);
    expect([first.after, third.before]).to.deep.equal([third, first]);
    first.leave();
    third.leave();
    expect([roster.first, [...roster]]).to.deep.equal([undefined, []]);
  });

  it("leaves nothing to the next full collection of what came and went, as a Set does", async () => {
    const under = <Entry>(begin: (member: object) => Entry, end: (entry: Entry) => void) => {
      const running: Entry[] = [];
      return leftBehind(async (member) => {
        running.push(begin(member));
        const first = running.length > 32 ? running.shift() : undefined;
        if (first !== undefined) end(first);
      });
    };
    const [roster, set] = [new Roster<object>(), new Set<object>()];
    const [ofRoster, ofSet] = [
      await under(
        (member) => roster.add(member),
        (place) => place.leave(),
      ),
      await under(
        (member) => set.add(member) && member,
        (member) => void set.delete(member),
      ),
    ];
    expect(ofRoster).to.be.below(0.5);
    expect(ofSet, "a Set would do").to.be.above(0.8);
  });
});
