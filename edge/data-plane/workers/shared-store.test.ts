import { expect } from "chai";
import type { SharedPiece } from "../../store/sharing.ts";
import { SharedStore } from "./shared-store.ts";

const piece = (generation: number, number: number): SharedPiece => {
  return { generation, part: "records", number, memory: new SharedArrayBuffer(8) };
};

describe("the memory of the store that serving threads read", () => {
  it("is given to a thread that begins late as to one that was there, and to none that has ended", () => {
    const store = new SharedStore();
    const [early, late]: [SharedPiece[], SharedPiece[]] = [[], []];
    const all = [piece(0, 1), piece(0, 2), piece(0, 3)];
    const [first, second, third] = all;
    store.follow((each) => early.push(each));
    if (first !== undefined) store.onPiece(first);
    const unfollow = store.follow((each) => late.push(each));
    if (second !== undefined) store.onPiece(second);
    unfollow();
    if (third !== undefined) store.onPiece(third);
    expect(early).to.deep.equal(all);
    expect(late).to.deep.equal([first, second]);
  });

  it("is let go when everything is dropped and the store begins anew", () => {
    const store = new SharedStore();
    const given: SharedPiece[] = [];
    for (const each of [piece(0, 1), piece(0, 2), piece(1, 1)]) store.onPiece(each);
    store.follow((each) => given.push(each));
    expect(given.map(({ generation }) => generation)).to.deep.equal([1]);
  });
});
