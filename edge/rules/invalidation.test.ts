import { expect } from "chai";
import { fieldsOf, get } from "../../test/rig/message.fixture.ts";
import { invalidatedGroups, invalidatedTargets } from "./invalidation.ts";

function targets(method: string, status: number, ...lines: readonly string[]): readonly string[] {
  const request = { ...get(), method, target: "/dir/a?b" };
  return invalidatedTargets(request, { status, fields: fieldsOf(...lines) }, "http://example.com:8080");
}

describe("invalidatedTargets", () => {
  it("is the target of any method that is not known to be safe, when the response is no error", () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "ANYTHING", "get"]) {
      expect(targets(method, 200), method).to.deep.equal(["/dir/a?b"]);
      expect(targets(method, 302), method).to.deep.equal(["/dir/a?b"]);
      for (const status of [100, 404, 500]) expect(targets(method, status), method).to.deep.equal([]);
    }
    for (const method of ["GET", "HEAD", "OPTIONS", "TRACE"]) {
      expect(targets(method, 200, "Location: /x"), method).to.deep.equal([]);
    }
  });

  const named: readonly (readonly [string, string | undefined])[] = [
    ["/x?y", "/x?y"],
    ["/x#frag", "/x"],
    ["/a/../b", "/a/../b"],
    ["http://example.com:8080/x", "/x"],
    ["HTTP://EXAMPLE.com:8080/x", "/x"],
    ["http://example.com:8080", "/"],
    ["http://example.com:8080?q", "/?q"],
    ["//example.com:8080/x", "/x"],
    ["other", "/dir/other"],
    ["?c", "/dir/a?c"],
    ["../up", "/up"],
    ["http://example.com/x", undefined],
    ["https://example.com:8080/x", undefined],
    ["http://evil.example/x", undefined],
    ["//evil.example/x", undefined],
    ["mailto:a@example.com", undefined],
    ["http://[/x", undefined],
    ["/with space", undefined],
    ["/caf\xe9", undefined],
  ];
  for (const [reference, expected] of named) {
    it(`${expected === undefined ? "leaves alone what" : `adds ${expected}, which`} ${reference} names`, () => {
      for (const name of ["Location", "Content-Location"]) {
        const more = expected === undefined ? [] : [expected];
        expect(targets("POST", 201, `${name}: ${reference}`)).to.deep.equal(["/dir/a?b", ...more]);
      }
    });
  }

  it("names each target once", () => {
    expect(targets("POST", 201, "Location: /dir/a?b", "Content-Location: /x", "Location: /x")).to.deep.equal([
      "/dir/a?b",
      "/x",
    ]);
  });
});

const groups = (method: string, value: string): readonly string[] =>
  invalidatedGroups(
    { ...get(), method },
    { status: 200, fields: fieldsOf(`Cache-Group-Invalidation: ${value}`) },
  );

describe("invalidatedGroups", () => {
  it("are the members of the field, each once, for an unsafe method", () => {
    expect(groups("POST", '"a", "B c";x=1, "a"')).to.deep.equal(["a", "B c"]);
    expect(groups("M-SEARCH", '"a"')).to.deep.equal(["a"]);
  });

  it("are none for a safe method", () => {
    for (const method of ["GET", "HEAD", "OPTIONS"]) expect(groups(method, '"a"')).to.deep.equal([]);
  });

  it("are none when the field is malformed, empty or absent", () => {
    for (const value of ["a", '"a', "1", ""]) expect(groups("POST", value)).to.deep.equal([]);
    expect(
      invalidatedGroups({ ...get(), method: "POST" }, { status: 200, fields: fieldsOf() }),
    ).to.deep.equal([]);
  });
});
