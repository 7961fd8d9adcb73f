import { expect } from "chai";
import fc from "fast-check";
import { RequestHeads, type RequestRead } from "./request-head.ts";

const LINES = [
  "Host: a\r\n",
  "Host: b\r\n",
  "Cookie: a=1\r\n",
  "Cookie: a=2\r\n",
  "Cookie: a=2, Host: a\r\n",
  "X-Host: a\r\n",
  "XHost: a\r\n",
  "Accept: */*\r\n",
  "Accept:*/*\r\n",
  "Connection: close\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Expect: 100-continue\r\n",
  "X : y\r\n",
  " folded\r\n",
  "X: \0\r\n",
  "X: a\n",
  "X: a\rb\r\n",
  ": x\r\n",
  `X: ${"y".repeat(4_000)}\r\n`,
];

const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LINES.slice(0, 9)) },
  fc.constantFrom(...LINES),
);
const section = fc
  .array(line, { maxLength: 7 })
  .chain((rest) => fc.boolean().map((hosted) => (hosted ? ["Host: a\r\n", ...rest] : rest).join("")));

/** What another reader would say, without what is kept for the next section. */
function meant(read: RequestRead): unknown {
  if (read.kind !== "head") return read;
  const { root: _, changed: __, section: fields, ...judged } = read.head.fields;
  return { end: read.end, head: { ...read.head, fields: { ...judged, section: [...fields] } } };
}

describe("a field section that is like the one before", () => {
  it("is read as if it were the first one, whatever differs", () => {
    let similar = 0;
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 12 }), (sections) => {
        const heads = new RequestHeads();
        for (const text of sections) {
          const bytes = Buffer.from(`GET /x HTTP/1.1\r\n${text}\r\n`, "latin1");
          const read = heads.read(bytes);
          expect(meant(read)).to.deep.equal(meant(new RequestHeads().read(bytes)));
          if (read.kind !== "head") return;
          if (read.head.fields.root !== undefined) similar += 1;
        }
      }),
      { numRuns: 4_000 },
    );
    expect(similar).to.be.greaterThan(100);
  });

  it("is read as if it were the first one when values change in lines that have changed before", () => {
    const value = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom("1", "2", "", " 3\t", "\t ", "a:b", "\xff"),
      },
      fc.constantFrom(
        "a\0",
        "a\rb",
        "a\nb",
        "1\r\nHost: b",
        "1\r\n\r\nGET / HTTP/1.1",
        "1\r\n x",
        "1\r\nX: y",
        "x".repeat(4_030),
      ),
    );
    const values = fc.record({
      cookie: value,
      referer: value,
      tag: value,
      name: fc.constantFrom("Tag", "Tag", "tag"),
    });
    let byPattern = 0;
    fc.assert(
      fc.property(fc.array(values, { minLength: 3, maxLength: 9 }), fc.nat(400), (requests, cut) => {
        const heads = new RequestHeads();
        let changed: unknown;
        for (const { cookie, referer, tag, name } of requests) {
          const text = `Host: a\r\nCookie: ${cookie}\r\nAccept: x\r\nReferer: ${referer}\r\n${name}:${tag}\r\n\r\n`;
          const bytes = Buffer.from(`GET /x HTTP/1.1\r\n${text}`, "latin1");
          const expected = meant(new RequestHeads().read(bytes));
          const first = heads.read(bytes.subarray(0, cut));
          const read = first.kind === "incomplete" ? heads.read(bytes.subarray(cut)) : first;
          const offset = first.kind === "incomplete" ? Math.min(cut, bytes.length) : 0;
          const whole = read.kind === "head" ? { ...read, end: read.end + offset } : read;
          expect(meant(whole)).to.deep.equal(expected);
          if (read.kind !== "head") return;
          const { fields } = read.head;
          if (changed !== undefined && fields.changed === changed) byPattern += 1;
          changed = fields.changed;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(byPattern).to.be.greaterThan(500);
  });

  it("has 8 KiB of lines at the most, also when only a value changes", () => {
    const heads = new RequestHeads();
    const read = (length: number) => {
      const line = `Cookie: ${"x".repeat(length - "Host: a\r\nCookie: \r\n".length)}\r\n`;
      return heads.read(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n`));
    };
    expect([100, 200, 300, 8_192].map((length) => read(length).kind)).to.deep.equal(Array(4).fill("head"));
    const refused = read(8_193);
    expect(refused.kind === "refused" && refused.refused.status).to.equal(431);
  });

  it("names what has changed since the section that was read as a whole, and keeps no other one", () => {
    const heads = new RequestHeads();
    const read = (cookie: string, referer: string) => {
      const text = `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nAccept: x\r\nReferer: ${referer}\r\n\r\n`;
      const head = heads.read(Buffer.from(text));
      if (head.kind !== "head") throw new Error("no head");
      return head.head.fields;
    };
    const first = read("1", "a");
    const second = read("2", "a");
    const third = read("2", "b");
    expect([second.root, third.root]).to.deep.equal([first, first]);
    expect([second.changed, third.changed].map((names) => [...(names ?? [])])).to.deep.equal([
      ["cookie"],
      ["cookie", "referer"],
    ]);
    expect(read("2", "b")).to.equal(third);
    expect([...third.section]).to.deep.equal([
      ["Host", "a"],
      ["Cookie", "2"],
      ["Accept", "x"],
      ["Referer", "b"],
    ]);
  });

  it("is read as a whole once more than 16 names have changed", () => {
    const heads = new RequestHeads();
    const rootOf = (name: string) => {
      const head = heads.read(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX-${name}: 1\r\n\r\n`));
      if (head.kind !== "head") throw new Error("no head");
      return head.head.fields.root;
    };
    // The first one changes nothing; each later one adds its name, the second one that of the first too.
    const roots = Array.from({ length: 17 }, (_, n) => rootOf(String(n)));
    expect(roots.map((root) => root !== undefined)).to.deep.equal([
      false,
      ...Array.from({ length: 15 }, () => true),
      false,
    ]);
  });
});
