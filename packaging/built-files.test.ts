import { expect } from "chai";
import { withBuiltFiles } from "./built-files.ts";

describe("the files that built code starts", () => {
  it("are the JavaScript of threads and programs", () => {
    expect(withBuiltFiles("a.js", 'new Worker(new URL("./thread.ts", import.meta.url));')).to.contain(
      '"./thread.js"',
    );
    expect(withBuiltFiles("a.js", 'join(import.meta.dirname, "..", "start", "try.ts");')).to.contain(
      '"try.js"',
    );
  });

  it("stay what they are in comments and in other words", () => {
    const code = '// "x.ts" is a source.\nconst name = "cats";\nimport "./other.js";';
    expect(withBuiltFiles("a.js", code)).to.equal(code);
  });

  it("may be named in no other way, which the package would not find", () => {
    expect(() => withBuiltFiles("edge/a.js", 'const worker = "thread.ts";')).to.throw(
      'edge/a.js: the package has no .ts files: const worker = "thread.ts";',
    );
  });
});
