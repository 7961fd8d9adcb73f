import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "../../http/message/fields.ts";
import { fieldsOf, get } from "../../test/rig/message.fixture.ts";
import { processorMs } from "../../test/rig/processor-time.ts";
import { fieldsSelecting, selectingFields, selects } from "./vary.ts";

/** Whether a response with `Vary: <name>` to a request with the first lines may answer one with the second. */
function reusable(name: string, first: readonly string[], second: readonly string[]): boolean {
  const request = (lines: readonly string[]) => get(...lines.map((value) => `${name}: ${value}`));
  const selecting = selectingFields(fieldsOf(`Vary: ${name}`), request(first));
  return selecting !== "never" && selects(selecting, request(second));
}

describe("selectingFields", () => {
  for (const lines of [
    ["*"],
    ["*, *"],
    ["*", "*"],
    [", *"],
    ["", "*"],
    ["*, Foo"],
    ["Foo, *"],
    ["Foo Bar"],
    ["a=b"],
  ]) {
    it(`never matches Vary: ${lines.join(" | ")}`, () => {
      expect(selectingFields(fieldsOf(...lines.map((value) => `Vary: ${value}`)), get())).to.equal("never");
    });
  }

  it("keeps nothing for a response without names in Vary, which then matches any request", () => {
    for (const fields of [Fields.none, fieldsOf("Vary:"), fieldsOf("Vary: , ,")]) {
      const selecting = selectingFields(fields, get("Foo: 1"));
      expect([...(selecting as ReadonlyMap<string, string>)]).to.deep.equal([]);
    }
  });

  it("collects the names of all lines, in lower case, once", () => {
    const selecting = selectingFields(fieldsOf("Vary: Foo, BAR", "Vary: foo, __proto__"), get("foo: 1"));
    const expected = [
      ["foo", "1"],
      ["bar", undefined],
      ["__proto__", undefined],
    ];
    expect([...(selecting as ReadonlyMap<string, string>)]).to.deep.equal(expected);
  });

  it("keeps 16 names, not 17, and no more than 4096 characters", () => {
    const names = (count: number): Fields =>
      fieldsOf(`Vary: ${Array.from({ length: count }, (_, n) => `f${n}`)}`);
    expect(selectingFields(names(16), get())).to.be.instanceOf(Map);
    expect(selectingFields(names(17), get())).to.equal("never");
    const cookie = (length: number) =>
      selectingFields(fieldsOf("Vary: cookie"), get(`Cookie: ${"x".repeat(length)}`));
    expect(cookie(4090)).to.be.instanceOf(Map);
    expect(cookie(4091)).to.equal("never");
  });
});

describe("selects", () => {
  const same: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["Foo", ["1"], ["1"]],
    ["Foo", [], []],
    ["Foo", ["1,2"], [" 1, 2 "]],
    ["Foo", ["1, 2"], ["1", "2"]],
    ["Foo", ["1,,2"], ["1, 2"]],
    ["Accept-Language", ["en, de"], ["de, en"]],
    ["Accept-Language", ["en-GB"], ["EN-gb"]],
    ["Accept-Language", ["en;q=0.5,de"], ["de , en ; Q=0.500"]],
    ["Accept-Encoding", ["gzip, br;q=1.0"], ["BR,gzip"]],
    ["Accept-Encoding", ["gzip, gzip"], ["gzip"]],
    ["Accept-Charset", ["utf-8"], ["UTF-8"]],
    ["Accept", ["text/html;level=1;q=0.5, */*"], ["*/* ,TEXT/html; level=1 ;q=0.50"]],
  ];
  for (const [name, first, second] of same) {
    it(`holds ${name}: ${first.join(" | ")} and ${second.join(" | ")} to mean the same`, () => {
      expect(reusable(name, first, second)).to.equal(true);
      expect(reusable(name, second, first)).to.equal(true);
    });
  }

  const different: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["Foo", ["1"], ["2"]],
    ["Foo", ["1"], []],
    ["Foo", [""], []],
    ["Foo", ["a"], ["A"]],
    ["Foo", ["1, 2"], ["2, 1"]],
    ["Foo", ["1 2"], ["12"]],
    ["Foo", ['"a, b"'], ['"a,b"']],
    ["Foo", ["a, b"], ['"a, b"']],
    ["User-Agent", ["a (b, c)"], ["a (b,c)"]],
    ["Cookie", ["a=1, 2"], ["a=1,2"]],
    ["Accept-Language", ["en, de"], ["en"]],
    ["Accept-Language", ["en;q=0.5, de"], ["en, de;q=0.5"]],
    ["Accept-Language", ["en"], []],
    ["Accept-Encoding", ["gzip;q=0"], ["gzip"]],
    ["Accept-Encoding", ["identity"], [""]],
    ["Accept-Encoding", [""], []],
    ["Accept-Encoding", ["gzip;q=1.5"], ["gzip"]],
    ["Accept-Encoding", ["gzip;q=0.5555"], ["gzip;q=0.555"]],
    ["Accept", ["text/html;level=a"], ["text/html;level=A"]],
    ["Accept", ['text/html;x="a, b"'], ['text/html;x="a,b"']],
    ["Accept", ["text/html;q=0.5;ext=1"], ["text/html;ext=1;q=0.5"]],
    ["Accept", ["text/html;q=0.5;q=0.7"], ["text/html;q=0.7;q=0.5"]],
  ];
  for (const [name, first, second] of different) {
    it(`holds ${name}: ${first.join(" | ") || "absent"} and ${second.join(" | ") || "absent"} apart`, () => {
      expect(reusable(name, first, second)).to.equal(false);
      expect(reusable(name, second, first)).to.equal(false);
    });
  }

  it("matches a response to the request that it answered, for any fields", () => {
    const name = fc.constantFrom("Accept", "Accept-Encoding", "Accept-Language", "Foo", "User-Agent");
    fc.assert(
      fc.property(name, fc.array(fc.string(), { maxLength: 3 }), (field, values) => {
        expect(reusable(field, values, values)).to.equal(true);
      }),
    );
  });

  it("is matched by the request made of the fields that it keeps, for any first request", () => {
    const name = fc.constantFrom("Accept", "Accept-Encoding", "Accept-Language", "Foo", "User-Agent");
    const members = fc.constantFrom("a", "A;q=0.5", "b ; q=1.0", "text/*;x=Y", '"q, r"', "", "*;q=2", "é");
    const value = fc.oneof(
      fc.string(),
      fc.array(members).map((each) => each.join(" ,")),
    );
    fc.assert(
      fc.property(name, fc.array(value, { maxLength: 3 }), (field, values) => {
        const request = get(...values.map((each) => `${field}: ${each}`));
        const selecting = selectingFields(fieldsOf(`Vary: ${field}, Other`), request);
        if (selecting === "never") throw new Error("the names are few and short");
        const made = { ...request, fields: fieldsSelecting(selecting) };
        expect(selects(selecting, made)).to.equal(true);
        expect([...made.fields.names()]).to.deep.equal(values.length === 0 ? [] : [field.toLowerCase()]);
      }),
      { numRuns: 500 },
    );
  });

  it("holds two preferences to be the same only when every language has the same weight in both", () => {
    const weight = fc.constantFrom("", ";q=0", ";q=0.5", ";q=0.50", "; q=1", ";q=0.3");
    const preference = fc.tuple(fc.constantFrom("en", "DE", "fr", "*"), weight);
    const list = fc.uniqueArray(preference, { selector: ([name]) => name, maxLength: 4 });
    const meaning = (members: readonly (readonly [string, string])[]): string => {
      const weights = members.map(
        ([name, text]) => `${name.toLowerCase()} ${Number(text.split("=")[1] ?? 1)}`,
      );
      return weights.sort().join();
    };
    fc.assert(
      fc.property(list, list, (a, b) => {
        const lines = [a, b].map((members) => [members.map((member) => member.join("")).join(", ")]);
        const [first = [], second = []] = lines;
        expect(reusable("Accept-Language", first, second)).to.equal(meaning(a) === meaning(b));
      }),
    );
  });

  it("reads 8 KiB of anything in a moment", () => {
    const took = processorMs(() => {
      for (const text of [" ".repeat(8192), ";".repeat(8192), "a,".repeat(4096), `a/b${" ;".repeat(4096)}`]) {
        for (const name of ["Accept", "Accept-Encoding", "Foo"]) reusable(name, [text], [text]);
      }
    });
    expect(took).to.be.below(500);
  });
});
