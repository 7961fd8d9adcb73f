import { expect } from "chai";
import { KNOWN_PURGE_BYTES, KnownPurges } from "./known-purges.ts";

const ID_CHARACTERS = 4;
const ROOM_FOR_TEN = 10 * (KNOWN_PURGE_BYTES + ID_CHARACTERS);

function idOf(seq: number): string {
  return String(seq).padStart(ID_CHARACTERS, "0");
}

/** Ten purges, each known until 100 ms after its number. */
function tenIn(maxBytes: number): KnownPurges {
  const known = new KnownPurges(maxBytes);
  for (let seq = 0; seq < 10; seq += 1) {
    known.add(idOf(seq), { position: { epoch: 1, seq }, digest: "d", until: 100 + seq });
  }
  return known;
}

describe("KnownPurges", () => {
  it("knows as many purges as its bytes allow", () => {
    expect(tenIn(ROOM_FOR_TEN).find(idOf(0), 0)?.position.seq).to.equal(0);
  });

  it("forgets the oldest purge, and no other, when one byte is missing", () => {
    const known = tenIn(ROOM_FOR_TEN - 1);
    expect(known.find(idOf(0), 0)).to.equal(undefined);
    expect(known.find(idOf(1), 0)?.position.seq).to.equal(1);
  });

  it("forgets a purge when its time is over, and then has room for another", () => {
    const known = tenIn(ROOM_FOR_TEN);
    expect(known.find(idOf(0), 99)?.position.seq).to.equal(0);
    expect(known.find(idOf(0), 100)).to.equal(undefined);
    known.add(idOf(10), { position: { epoch: 1, seq: 10 }, digest: "d", until: 110 });
    expect(known.find(idOf(1), 100)?.position.seq).to.equal(1);
  });
});
