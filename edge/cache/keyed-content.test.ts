import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { isForCache } from "../rules/keyed-methods.ts";
import { keyedContent } from "./keyed-content.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nameOf = (text: string, lines: readonly (readonly [string, string])[] = [], method = "QUERY"): string =>
  keyedContent(method, Fields.of(lines), bytes(text)).name;

describe("content in the key", () => {
  it("has one name for the same bytes, method and metadata", () => {
    const lines = [["Content-Type", "text/plain"]] as const;
    expect(nameOf("a", lines)).to.equal(
      nameOf("a", [
        ["content-type", "text/plain"],
        ["X-Other", "1"],
      ]),
    );
    expect(nameOf("a", lines)).to.match(/^QUERY\/[\w-]{43}$/);
  });

  it("has another name when anything of it differs, however alike it looks", () => {
    const names = [
      nameOf("a"),
      nameOf("a "),
      nameOf("a\n"),
      nameOf("a", [], "POST"),
      nameOf("a", [["Content-Type", "a"]]),
      nameOf("a", [["Content-Type", "A"]]),
      nameOf("a", [
        ["Content-Type", "a"],
        ["Content-Type", "b"],
      ]),
      nameOf("a", [["Content-Type", "a, b"]]),
      nameOf("a", [["Content-Encoding", "a"]]),
      nameOf("a", [["Content-Language", "a"]]),
      nameOf('[["x"],[],[]]\na'),
      nameOf("a", [["Content-Type", "x"]]),
    ];
    expect(new Set(names).size).to.equal(names.length);
  });

  it("stands in the key before the URI", () => {
    const content = { name: "QUERY/x", bytes: bytes("") };
    expect(cacheKey({ site: "s", target: "/a", content })).to.equal("s QUERY/x /a");
    expect(cacheKey({ site: "s", base: "http://h", target: "/a", content })).to.equal("s QUERY/x http://h/a");
  });

  it("makes any method one that stored responses may answer", () => {
    const content = { name: "POST/x", bytes: bytes("") };
    expect(["GET", "HEAD", "POST", "QUERY"].map((method) => isForCache({ method }))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(isForCache({ method: "POST", content })).to.equal(true);
  });
});
