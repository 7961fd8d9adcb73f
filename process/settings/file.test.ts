import { expect } from "chai";
import { Failure } from "../failure.ts";
import { parseSettingsFile } from "./file.ts";

function problems(text: string): string {
  try {
    parseSettingsFile("x.yaml", text);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message;
    throw thrown;
  }
  throw new Error("the file was accepted");
}

describe("a settings file", () => {
  it("is one map", () => {
    expect(parseSettingsFile("x.yaml", "a: 1\nb: [x]\n")).to.deep.equal({ a: 1, b: ["x"] });
    expect(problems("- 1\n")).to.equal("x.yaml: must be a map of settings, got [1]");
    expect(problems("text")).to.equal('x.yaml: must be a map of settings, got "text"');
  });

  for (const key of ["__proto__", "constructor", "prototype"]) {
    it(`must not use the key ${key}, at any depth and however it is quoted`, () => {
      expect(problems(`a: 1\n"${key}": {polluted: 1}\n`)).to.equal(
        `x.yaml line 2: the key "${key}" must not be used`,
      );
      expect(problems(`a: [{b: {? ${key}\n : 1}}]`)).to.contain(`"${key}" must not be used`);
    });
  }

  it("must not use aliases, so that no short file stands for a large one", () => {
    expect(problems("a: &x [1]\nb: [*x, *x]\n")).to.equal(
      'x.yaml line 2: aliases must not be used, got "*x"\nx.yaml line 2: aliases must not be used, got "*x"',
    );
    expect(problems("a: &x 1\n*x : 2\n")).to.contain("line 2");
  });

  it("must not have one key twice", () => {
    expect(problems("port: 1\nid: a\nport: 2\n")).to.match(/^x\.yaml line 3: Map keys must be unique/);
  });

  it("must have text as keys", () => {
    expect(problems("1: a\n")).to.equal("x.yaml line 1: a key must be text");
    expect(problems("a: {1000: b}\n")).to.equal("x.yaml line 1: a key must be text");
    expect(problems("? [a]\n: 1\n")).to.equal("x.yaml line 1: a key must be text");
  });

  it("may have the statuses of HTTP as keys", () => {
    expect(parseSettingsFile("x.yaml", "a: {404: 1m, 5xx: 5s}\n")).to.deep.equal({
      a: { 404: "1m", "5xx": "5s" },
    });
  });

  it("must not have tags, several documents or broken syntax", () => {
    expect(problems("a: !!js/function 1\n")).to.contain("x.yaml line 1: Unresolved tag");
    expect(problems("a: 1\n---\nb: 2\n")).to.contain("multiple documents");
    expect(problems("a: b: c\n")).to.contain("x.yaml line 1: ");
  });

  it("is refused with three lines about its syntax at most, and with twenty about its keys", () => {
    const lines = (line: (at: number) => string, count: number) =>
      problems(Array.from({ length: count }, (_, at) => line(at)).join("\n")).split("\n").length;
    expect([2, 3, 4].map((count) => lines((at) => `k${at}: !t 1`, count))).to.deep.equal([2, 3, 3]);
    expect([19, 20, 21].map((count) => lines((at) => `${at}: a`, count))).to.deep.equal([19, 20, 20]);
  });

  it("must not be larger than settings can be", () => {
    expect(problems(`# ${"x".repeat(300_000)}`)).to.match(/must be at most 262144 characters, got 300002/);
  });

  for (const depth of [1000, 5000, 100_000]) {
    it(`is refused in a few lines, or read, when it nests ${depth} deep`, () => {
      const text = `a: ${"[".repeat(depth)}${"]".repeat(depth)}`;
      try {
        parseSettingsFile("x.yaml", text);
      } catch (thrown) {
        expect(thrown).to.be.instanceOf(Failure);
        expect(String(thrown).split("\n").length).to.be.lessThan(5);
      }
    });
  }
});
