import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { matchedRules } from "../rules/site/matched-rules.ts";
import { RuleBook } from "../rules/site/rule-book.ts";
import { ByteBudget } from "./byte-budget.ts";
import { isKeyable, readContent, withContent } from "./read-content.ts";

const KIB64 = 64 * 1024;

const textOf = async (body: AsyncIterable<Uint8Array> | undefined): Promise<string> =>
  Buffer.concat(body === undefined ? [] : await Array.fromAsync(body)).toString();

async function* said(...pieces: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

const query = (
  body: AsyncIterable<Uint8Array> | undefined,
  lines: readonly (readonly [string, string])[] = [],
): CacheRequest & { readonly body: AsyncIterable<Uint8Array> | undefined } => ({
  method: "QUERY",
  target: "/a",
  site: "s",
  fields: Fields.of(lines),
  body,
});

describe("the content of a request that is in its key", () => {
  it("is read whole, in whatever pieces it comes, and held until the request is answered", async () => {
    const budget = new ByteBudget(KIB64);
    const one = await readContent(query(said("abc")), budget);
    const two = await readContent(query(said("a", "", "bc")), budget);
    expect(one.request.content).to.deep.equal(two.request.content);
    expect([one.passed, one.request.body]).to.deep.equal([undefined, undefined]);
    expect(budget.taken).to.equal(6);
    one.release();
    two.release();
    expect(budget.taken).to.equal(0);
  });

  it("may be nothing", async () => {
    const budget = new ByteBudget(KIB64);
    const none = await readContent(query(undefined), budget);
    const empty = await readContent(query(said()), budget);
    expect(none.request.content).to.deep.equal(empty.request.content);
    const asked = { method: "QUERY", target: "/a", fields: Fields.none };
    expect(withContent(asked, none.request.content)).to.equal(asked);
  });

  it("does not change when the memory of a piece is used again", async () => {
    const memory = Buffer.from("abc");
    async function* reused(): AsyncGenerator<Uint8Array> {
      yield memory;
      memory.fill("x");
    }
    const { request } = await readContent(query(reused()), new ByteBudget(KIB64));
    expect(Buffer.from(request.content?.bytes ?? []).toString()).to.equal("abc");
  });

  for (const [why, pieces, room] of [
    ["content-too-large", ["x".repeat(KIB64), "y", "z"], 2 * KIB64],
    ["memory-short", ["x".repeat(10), "y".repeat(10), "z"], 19],
  ] as const) {
    it(`passes whole when it does not fit: ${why}`, async () => {
      const budget = new ByteBudget(room);
      const { request, passed, release } = await readContent(query(said(...pieces)), budget);
      expect(passed).to.equal(why);
      expect(await textOf(request.body)).to.equal(pieces.join(""));
      release();
      expect(budget.taken).to.equal(0);
    });
  }

  it("is not touched when its length or a field says that it does not fit", async () => {
    for (const [line, why] of [
      [["Content-Length", String(KIB64 + 1)], "content-too-large"],
      [["Content-Range", "bytes 0-0/2"], "content-range"],
      [["Incremental", "?1"], "incremental"],
    ] as const) {
      const body = said(new Error("read"));
      const { request, passed } = await readContent(query(body, [line]), new ByteBudget(KIB64));
      expect([passed, request.body]).to.deep.equal([why, body]);
    }
  });

  it("gives its memory back when its client breaks off", async () => {
    const budget = new ByteBudget(KIB64);
    const broken = readContent(query(said("abc", new Error("left"))), budget);
    expect(String(await broken.catch((thrown: unknown) => thrown))).to.include("left");
    expect(budget.taken).to.equal(0);
  });

  it("goes to the origin byte for byte, as often as it is asked", async () => {
    const { request } = await readContent(query(said("a\0é")), new ByteBudget(KIB64));
    const asked = { method: "QUERY", target: "/a", fields: Fields.of([["Content-Length", "9"]]) };
    const { body, fields, isBodyHeld } = withContent(asked, request.content);
    expect([await textOf(body), await textOf(body), isBodyHeld]).to.deep.equal(["a\0é", "a\0é", true]);
    expect(fields.get("content-length")).to.equal("4");
  });

  it("is that of a QUERY, and of a POST where a rule says so", () => {
    const { rules } = new RuleBook([{ match: {}, cachePost: true }], () => () => false);
    expect(["GET", "HEAD", "QUERY", "POST"].map((method) => isKeyable({ method }))).to.deep.equal([
      false,
      false,
      true,
      false,
    ]);
    for (const [method, keyable] of [
      ["POST", true],
      ["PUT", false],
      ["GET", false],
    ] as const)
      expect(isKeyable({ method, matched: matchedRules(rules, method) })).to.equal(keyable);
  });
});
