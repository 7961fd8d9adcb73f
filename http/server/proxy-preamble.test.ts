import { expect } from "chai";
import { readPreamble } from "./proxy-preamble.ts";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function v2(command: number, family: number, body: readonly number[], length = body.length): Buffer {
  const head = [command, family, length >> 8, length & 0xff];
  return Buffer.concat([SIGNATURE, Buffer.from([...head, ...body])]);
}

const TCP4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
const TCP6 = [
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
  ...Array.from({ length: 16 }, () => 0),
  ...[0, 1, 0, 80],
];

describe("the preamble of the PROXY protocol", () => {
  const line = (text: string) => readPreamble(Buffer.from(text, "latin1"));
  const preamble = (source: string | undefined, end: number) => ({ kind: "preamble", source, end });

  it("names the client in version 1", () => {
    expect(line("PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\nGET /")).to.deep.equal(preamble("192.0.2.7", 41));
    expect(line("PROXY TCP6 2001:DB8::7 ::1 1 65535\r\n")).to.deep.equal(preamble("2001:db8::7", 36));
    expect(line("PROXY UNKNOWN\r\n")).to.deep.equal(preamble(undefined, 15));
    expect(line("PROXY UNKNOWN ff:: whatever 1 2\r\n")).to.deep.equal(preamble(undefined, 33));
  });

  it("names the client in version 2, whatever follows the addresses", () => {
    expect(readPreamble(v2(0x21, 0x11, TCP4))).to.deep.equal(preamble("192.0.2.7", 28));
    expect(readPreamble(v2(0x21, 0x21, TCP6))).to.deep.equal(preamble("2001:db8::7", 52));
    expect(readPreamble(v2(0x21, 0x11, [...TCP4, 4, 0, 1, 0]))).to.deep.equal(preamble("192.0.2.7", 32));
    const mapped = [...Array.from({ length: 10 }, () => 0), 255, 255, 192, 0, 2, 7, ...TCP6.slice(16)];
    expect(readPreamble(v2(0x21, 0x21, mapped))).to.deep.equal(preamble("192.0.2.7", 52));
  });

  it("names nobody when the load balancer speaks for itself", () => {
    expect(readPreamble(v2(0x20, 0x00, []))).to.deep.equal(preamble(undefined, 16));
    expect(readPreamble(v2(0x20, 0x11, TCP4))).to.deep.equal(preamble(undefined, 28));
    expect(readPreamble(v2(0x21, 0x00, []))).to.deep.equal(preamble(undefined, 16));
  });

  it("may come in pieces of any size", () => {
    for (const whole of [v2(0x21, 0x21, TCP6), Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")]) {
      for (let length = 0; length < whole.length; length++)
        expect(readPreamble(whole.subarray(0, length)).kind, `${length}`).to.equal("more");
      expect(readPreamble(whole).kind).to.equal("preamble");
    }
  });

  it("is missing where a client speaks first", () => {
    for (const text of ["GET / HTTP/1.1\r\n", "P0", "proxy TCP4", "\r\nX", "\x16\x03\x01"])
      expect(line(text)).to.deep.equal({ kind: "refused", fault: "missing" });
  });

  it("has at most 107 bytes in version 1, and 4,096 in version 2", () => {
    expect(line(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`).kind).to.equal("preamble");
    expect(line(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`)).to.deep.equal({
      kind: "refused",
      fault: "malformed",
    });
    expect(line(`PROXY ${"x".repeat(100)}`).kind).to.equal("more");
    expect(line(`PROXY ${"x".repeat(101)}`).kind).to.equal("refused");
    expect(readPreamble(v2(0x21, 0x11, TCP4, 4080)).kind).to.equal("more");
    expect(readPreamble(v2(0x21, 0x11, TCP4, 4081))).to.deep.equal({ kind: "refused", fault: "malformed" });
  });

  const malformed = [
    "PROXY \r\n",
    "PROXY TCP4\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
    "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
    "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
    "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY UNKNOWNX\r\n",
    "PROXY constructor ::1 ::1 1 2\r\n",
  ];
  for (const text of malformed) {
    it(`is refused as ${JSON.stringify(text)}`, () =>
      expect(line(text)).to.deep.equal({ kind: "refused", fault: "malformed" }));
  }

  it("is refused in version 2 with another version, command, family, or too few bytes", () => {
    for (const bytes of [
      v2(0x11, 0x11, TCP4),
      v2(0x22, 0x11, TCP4),
      v2(0x21, 0x12, TCP4),
      v2(0x21, 0x31, TCP4),
      v2(0x21, 0x11, TCP4, 11),
      v2(0x21, 0x21, TCP6, 35),
    ])
      expect(readPreamble(bytes)).to.deep.equal({ kind: "refused", fault: "malformed" });
  });
});
