import { expect } from "chai";
import fc from "fast-check";
import { decodeHuffman } from "./huffman.ts";

const decode = (hex: string) => {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return decodeHuffman(bytes, 0, bytes.length);
};

describe("the Huffman code of HTTP/2", () => {
  it("decodes the examples of RFC 7541 appendix C", () => {
    expect(decode("f1e3 c2e5 f23a 6ba0 ab90 f4ff")).to.equal("www.example.com");
    expect(decode("a8eb 1064 9cbf")).to.equal("no-cache");
    expect(decode("9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3")).to.equal("https://www.example.com");
    const cookie =
      "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07";
    expect(decode(cookie)).to.equal("foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
    expect(decode("")).to.equal("");
  });

  it("refuses an end that is not all ones, one of a byte and more, and the end of string", () => {
    // "0" has five bits of zero.
    expect([
      decode("07"),
      decode("00"),
      decode("06"),
      decode("07ff"),
      decode("ff"),
      decode("ffffffff"),
    ]).to.deep.equal(["0", undefined, undefined, undefined, undefined, undefined]);
  });

  it("decodes strings of 4 KiB and more, also one after the other", () => {
    // "0" has five bits of zero, so eight of them have five bytes.
    const zeros = [512, 513, 512].map((times) => decode("00".repeat(5 * times)));
    expect(zeros).to.deep.equal([512, 513, 512].map((times) => "0".repeat(8 * times)));
    expect(decode("a8eb 1064 9cbf")).to.equal("no-cache");
  });

  it("decodes or refuses whatever comes, and never more than it can stand for", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = decodeHuffman(Buffer.from(bytes), 0, bytes.length);
        if (text !== undefined) expect(text.length).to.be.at.most((bytes.length * 8) / 5);
      }),
    );
  });
});
