import { expect } from "chai";
import { declarationsBehind } from "./declarations.ts";

describe("the declarations of the library", () => {
  const all = new Map([
    [
      "packaging/library.d.ts",
      'import type { A } from "../edge/a.ts";\nexport type B = import("./b.ts").B;\n',
    ],
    ["packaging/b.d.ts", 'import "./b.ts";\nimport type { X } from "node:fs";\n'],
    ["edge/a.d.ts", 'export { C } from "./c.ts";\n'],
    ["edge/c.d.ts", "export declare class C {}\n"],
    ["edge/unused.d.ts", ""],
  ]);

  it("are those that it needs, and theirs", () => {
    const kept = declarationsBehind("packaging/library.d.ts", all);
    expect([...kept.keys()]).to.have.members([
      "packaging/library.d.ts",
      "packaging/b.d.ts",
      "edge/a.d.ts",
      "edge/c.d.ts",
    ]);
  });

  it("import each other as JavaScript", () => {
    const kept = declarationsBehind("packaging/library.d.ts", all);
    expect(kept.get("packaging/library.d.ts")).to.equal(
      'import type { A } from "../edge/a.js";\nexport type B = import("./b.js").B;\n',
    );
    expect(kept.get("packaging/b.d.ts")).to.contain('"node:fs"');
  });

  it("are all there", () => {
    const missing = new Map([["a.d.ts", 'import "./gone.ts";']]);
    expect(() => declarationsBehind("a.d.ts", missing)).to.throw("gone.d.ts: has no declarations");
  });
});
