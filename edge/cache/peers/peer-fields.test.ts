import { expect } from "chai";
import { Token } from "../../../process/control/tokens.ts";
import { askIn, markField, type PeerAsk, peerField, placeIn } from "./peer-fields.ts";

const token = new Token("0123456789abcdef0123456789abcdef");
const other = new Token("fedcba9876543210fedcba9876543210");
const line = { method: "GET", target: "/page" };
const place = { runId: "run 1/ä", position: { epoch: 1_795_765_476_971_001, seq: 7 } };
const ask: PeerAsk = {
  asker: "edge-1",
  after: place,
  site: "shop",
  scheme: "https",
  authority: "shop.example",
  base: "https://shop.example",
};

describe("the fields between edges", () => {
  it("say what the other edge must know", () => {
    expect(askIn(peerField(ask, line, token), line, token)).to.deep.equal(ask);
    expect(askIn(peerField(ask, line, undefined), line, undefined)).to.deep.equal(ask);
    const field = peerField(ask, line, token);
    expect(placeIn(markField(place, field, token), field, token)).to.deep.equal(place);
  });

  it("are worth nothing from one who does not know the token, or for another request", () => {
    const field = peerField(ask, line, token);
    expect(askIn(field, line, other)).to.equal(undefined);
    expect(askIn(field, { ...line, target: "/other" }, token)).to.equal(undefined);
    expect(askIn(peerField(ask, line, undefined), line, token)).to.equal(undefined);
    const mark = markField(place, field, token);
    expect(placeIn(mark, field, other)).to.equal(undefined);
    expect(placeIn(mark, `${field}x`, token)).to.equal(undefined);
    expect(placeIn(markField(place, field, undefined), field, token)).to.equal(undefined);
  });

  it("never show the token", () => {
    const field = peerField(ask, line, token);
    const told = `${field} ${Buffer.from(field, "base64url").toString()} ${markField(place, field, token)}`;
    expect(told).not.to.include("0123456789abcdef");
  });

  for (const text of ["", ".", "x", "bnVsbA", "e30", "WzFd", '{"asker":1}', "%"])
    it(`are refused when they are malformed: ${JSON.stringify(text)}`, () => {
      expect(askIn(text, line, undefined)).to.equal(undefined);
      expect(placeIn(text, "", undefined)).to.equal(undefined);
    });

  it("name no place by a word or a broken escape", () => {
    for (const mark of ["behind", "%zz 1-1", "a 1", "a 01-1"])
      expect(placeIn(mark, "", undefined), mark).to.equal(undefined);
  });
});
