import { expect } from "chai";
import fc from "fast-check";
import { HpackDecoder } from "./hpack-decoder.ts";

const MOST = 65_536;

/** Decodes blocks, one after the other, on one connection. */
function decodeAll(blocks: readonly string[], most = MOST) {
  const decoder = new HpackDecoder(most);
  return blocks.map((hex) => {
    const block = Buffer.from(hex.replaceAll(" ", ""), "hex");
    const decoded = decoder.decode(block, 0, block.length);
    return decoded.kind === "fields" ? decoded.raw.join(" ") : decoded.kind;
  });
}
const decode = (hex: string, most?: number) => decodeAll([hex], most)[0];

describe("header blocks of HTTP/2", () => {
  it("are decoded as RFC 7541 appendix C.3 and C.4 say, with and without Huffman code", () => {
    const expected = [
      ":method GET :scheme http :path / :authority www.example.com",
      ":method GET :scheme http :path / :authority www.example.com cache-control no-cache",
      ":method GET :scheme https :path /index.html :authority www.example.com custom-key custom-value",
    ];
    const plain = [
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    const coded = [
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    expect(decodeAll(plain)).to.deep.equal(expected);
    expect(decodeAll(coded)).to.deep.equal(expected);
  });

  it("forget entries that no longer fit", () => {
    // The table shrinks to 64 bytes: room for one entry such as "a: b".
    const add = (name: string) => `40 01 ${Buffer.from(name).toString("hex")} 01 62`;
    expect(decodeAll([`3f21 ${add("a")} ${add("c")}`, "be", "bf"])).to.deep.equal([
      "a b c b",
      "c b",
      "fault",
    ]);
    expect(decodeAll([add("a"), "20", "be"])).to.deep.equal(["a b", "", "fault"]);
  });

  it("that are repeated mean what the table says by then, and add to it each time", () => {
    const add = (name: string) => `40 01 ${Buffer.from(name).toString("hex")} 01 62`;
    expect(decodeAll([add("a"), "be", add("c"), "be"])).to.deep.equal(["a b", "a b", "c b", "c b"]);
    expect(decodeAll([add("a"), add("a"), "bf", "c0"])).to.deep.equal(["a b", "a b", "a b", "fault"]);
    const decoder = new HpackDecoder(MOST);
    const [one, other] = [decoder.decode(Buffer.of(0x82), 0, 1), decoder.decode(Buffer.of(0, 0x82), 1, 2)];
    expect(one).to.equal(other);
  });

  it("keep no entry that is larger than the table", () => {
    const large = Buffer.alloc(4_096, "x").toString("hex");
    expect(decodeAll([`40 01 61 7f 811f ${large}`, "be"]).map((text) => text?.slice(0, 3))).to.deep.equal([
      "a x",
      "fau",
    ]);
  });

  const faults: Readonly<Record<string, string>> = {
    "index 0": "80",
    "an index behind both tables": "be",
    "a name behind both tables": "7f00 01 61",
    "an integer without end": "ff ffff ffff ffff ffff",
    "an integer that is cut off": "ff",
    "a string that is cut off": "40 05 61",
    "a length that is cut off": "40",
    "a string of rubbish": "40 81 00 00",
    "a table larger than allowed": "3fe2 1f",
    "a size update behind a field": "82 20",
    "three size updates": "20 20 20",
  };
  for (const [what, hex] of Object.entries(faults))
    it(`are refused for ${what}`, () => expect(decode(hex)).to.equal("fault"));

  it("may resize the table twice at their beginning, up to its size", () => {
    expect([decode("20 3fe1 1f 82"), decode("3fe1 1f 82")]).to.deep.equal([":method GET", ":method GET"]);
  });

  it("are refused when a few bytes stand for a long list", () => {
    const bomb = `40 01 61 7f 811e ${Buffer.alloc(3_968, "x").toString("hex")}`;
    expect(decodeAll([bomb, "be".repeat(16)])[1]).to.have.length(16 * 3_971 - 1);
    expect(decodeAll([bomb, "be".repeat(17)])[1]).to.equal("too-large");
  });

  it("end in fields or a refusal, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = new HpackDecoder(MOST).decode(Buffer.from(bytes), 0, bytes.length);
        expect(decoded.kind).to.be.oneOf(["fields", "fault", "too-large"]);
      }),
    );
  });
});
