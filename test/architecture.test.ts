import { existsSync, globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { missingFiles } from "./rig/page-links.ts";
import { ruleBreaches } from "./rig/protocol-rules.ts";
import {
  cycles,
  entranceBreaches,
  layerBreaches,
  nameBreaches,
  orphanTests,
  packageBreaches,
  purityBreaches,
  roomBreaches,
  sizeBreaches,
  unusedFiles,
} from "./rig/source-rules.ts";
import { importsOf, readSourceTree, type SourceTree } from "./rig/source-tree.ts";

const root = resolve(import.meta.dirname, "..");

/** What starts programs by name. */
function entryTexts(): string {
  const names = [
    "package.json",
    "packaging/tsconfig.json",
    ".mocharc.json",
    "Dockerfile",
    "docker-compose.yml",
  ];
  return names.map((name) => readFileSync(resolve(root, name), "utf8")).join();
}

function check(breaches: readonly string[]): void {
  expect(breaches, `\n  ${breaches.join("\n  ")}\n`).to.deep.equal([]);
}

describe("the architecture", () => {
  const tree = readSourceTree(root);

  it("keeps programs apart, and lets imports run one way between folders", () => check(layerBreaches(tree)));
  it("lets imports run one way between the rooms of a folder", () => check(roomBreaches(tree)));
  it("shows a newcomer few files and few rooms of the edge", () => check(entranceBreaches(tree)));
  it("keeps the rules pure", () => check(purityBreaches(tree)));
  it("runs on production dependencies alone", () => {
    const { dependencies } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
    check(packageBreaches(tree, Object.keys(dependencies)));
  });
  it("has no import cycles", () => check(cycles(tree)));
  it("has no file that is too long to read at once", () => check(sizeBreaches(tree)));
  it("names every file after the one thing it holds", () => check(nameBreaches(tree)));
  it("has every test beside what it tests", () => check(orphanTests(tree)));
  it("has no file that nothing uses", () => check(unusedFiles(tree, entryTexts())));
  it("has every file that its pages name", () => {
    const paths = globSync(["*.md", "docs/*.md", "bench/*.md"], { cwd: root });
    const pages = new Map(paths.map((path) => [path, readFileSync(resolve(root, path), "utf8")]));
    check(missingFiles(pages, (path) => existsSync(resolve(root, path))));
  });
  it("promises of a purge in the README what docs/purge.md promises", () => {
    const promises = ["README.md", "docs/purge.md"].map((name) => {
      const page = readFileSync(resolve(root, name), "utf8");
      return page.match(/^- \*\*(?:Proven|Bounded|Nothing lost)\.\*\*[\s\S]*?(?=\n(?:- |\n))/gm);
    });
    expect(promises[0]).to.have.length(3);
    expect(promises[0]).to.deep.equal(promises[1]);
  });
  it("cites rules of the purge protocol that docs/purge.md defines, each with the files that keep it", () => {
    const readText = (path: string) =>
      existsSync(resolve(root, path)) ? readFileSync(resolve(root, path), "utf8") : undefined;
    const product = [...tree].filter(([path]) => path !== "test/architecture.test.ts");
    check(ruleBreaches(readText("docs/purge.md") ?? "", new Map(product), readText));
  });
});

describe("the architecture rules", () => {
  const treeOf = (files: Record<string, string>): SourceTree => new Map(Object.entries(files));

  it("see every way to import, and nothing in comments", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "../b.ts";',
      "import {\n  c,\n  d,\n} from './c.ts';",
      'import "./side-effect.ts";',
      'export { e } from "./e.ts";',
      'export * from "./f.ts";',
      'const g = await import("./g.ts");',
      'const thread = new Worker(new URL("./thread.ts", import.meta.url));',
      'import { readFileSync } from "node:fs";',
      '// import { x } from "./not.ts";',
      '/* import { y } from "./neither.ts"; */',
      'export const notAnImport = "./h.ts";',
    ].join("\n");
    expect(importsOf("x/y/z.ts", text).map(({ to }) => to)).to.have.members([
      "x/y/a.ts",
      "x/b.ts",
      "x/y/c.ts",
      "x/y/side-effect.ts",
      "x/y/e.ts",
      "x/y/f.ts",
      "node:fs",
      "x/y/g.ts",
      "x/y/thread.ts",
    ]);
  });

  it("refuse one program importing another, by file and rule", () => {
    expect(layerBreaches(treeOf({ "router/forward.ts": 'import "../edge/cache/serve.ts";' }))).to.deep.equal([
      "router/forward.ts imports edge/cache/serve.ts: router/ may import only router/, http/, process/, proto/, purge-log/",
    ]);
    for (const [from, to] of [
      ["edge/a.ts", "../router/b.ts"],
      ["admin-cli/a.ts", "../edge/b.ts"],
      ["process/a.ts", "../purge-log/b.ts"],
      ["http/a.ts", "../edge/rules/b.ts"],
      ["purge-log/a.ts", "../edge/rules/b.ts"],
      ["start/a.ts", "../admin-cli/b.ts"],
      ["edge/a.ts", "../start/b.ts"],
      ["edge/a.ts", "../test/rig/b.ts"],
      ["edge/a.ts", "../learn/b.ts"],
    ] as const) {
      expect(layerBreaches(treeOf({ [from]: `import "${to}";` })), from).to.have.length(1);
    }
  });

  it("let start/ compose programs, and tests use the rig", () => {
    const tree = treeOf({
      "start/main.ts": 'import "../edge/edge.ts"; \nimport "../router/router.ts";',
      "edge/a.test.ts": 'import "../test/rig/origin.ts";\nimport "../learn/simulation/virtual-time.ts";',
      "test/scenarios/a.test.ts": 'import "../../edge/edge.ts";\nimport "../../router/router.ts";',
    });
    expect(layerBreaches(tree)).to.deep.equal([]);
  });

  it("refuse a room that reaches back to what uses it, and a folder that is no room", () => {
    const tree = treeOf({
      "edge/store/a.ts": 'import "../edge.ts";\nimport "../rules/b.ts";\nimport "../cache/c.ts";',
      "edge/rules/b.ts": 'import "../store/a.ts";',
      "edge/rules/b.test.ts": 'import "../store/a.ts";',
      "edge/attic/d.ts": 'import "../rules/b.ts";',
      "http/message/a.ts": 'import "../server/b.ts";',
      "http/client/a.ts": 'import "../server/b.ts";\nimport "../message/a.ts";',
      "process/settings/a.ts": 'import "../failure.ts";',
      "process/registry/a.ts": 'import "../failure.ts";',
    });
    expect(roomBreaches(tree).map((line) => line.split(/[: ]/)[0])).to.deep.equal([
      "edge/store/a.ts",
      "edge/store/a.ts",
      "edge/rules/b.ts",
      "edge/attic/d.ts",
      "http/message/a.ts",
      "http/client/a.ts",
      "process/registry/a.ts",
    ]);
  });

  it("refuse a seventh file and an eighth room at the entrance of the edge", () => {
    const files = (count: number) =>
      treeOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`edge/f${i}.ts`, ""])));
    const rooms = (count: number) =>
      treeOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`edge/r${i}/a.ts`, ""])));
    expect(entranceBreaches(files(6)).concat(entranceBreaches(rooms(7)))).to.deep.equal([]);
    expect(entranceBreaches(files(7)).concat(entranceBreaches(rooms(8)))).to.have.length(2);
  });

  it("refuse I/O, foreign imports and clocks in the rules, but not in their tests", () => {
    const tree = treeOf({
      "edge/rules/a.ts": 'import "node:fs";',
      "edge/rules/b.ts": 'import "../../process/clock.ts";',
      "edge/rules/c.ts": "export const now = () => Date.now();",
      "edge/rules/d.ts": 'import "./a.ts";',
      "edge/rules/d.test.ts": 'import "node:fs";',
      "router/choose/pick-edge.ts": "export const dice = () => Math.random();",
    });
    expect(purityBreaches(tree).map((line) => line.split(" ")[0])).to.have.members([
      "edge/rules/a.ts",
      "edge/rules/b.ts",
      "edge/rules/c.ts",
      "router/choose/pick-edge.ts",
    ]);
  });

  it("refuse a package that only development installs, but not in tests", () => {
    const tree = treeOf({
      "edge/a.ts": 'import "node:fs";\nimport "@grpc/grpc-js/build/x";\nimport "chai";',
      "edge/a.test.ts": 'import "chai";',
      "learn/browser/a.ts": 'import "buffer/";',
    });
    expect(packageBreaches(tree, ["@grpc/grpc-js"])).to.deep.equal([
      'edge/a.ts imports chai: programs import only node: and "dependencies" of package.json',
    ]);
  });

  it("show a cycle as the path that closes it", () => {
    const tree = treeOf({
      "a/a.ts": 'import "./b.ts";',
      "a/b.ts": 'import type { C } from "./c.ts";',
      "a/c.ts": 'import "./a.ts";\nimport "./d.ts";',
      "a/d.ts": "",
    });
    expect(cycles(tree)).to.deep.equal(["a/a.ts -> a/b.ts -> a/c.ts -> a/a.ts: imports must run one way"]);
  });

  it("refuse long files, except tests and generated code", () => {
    const long = "\n".repeat(400).replaceAll("\n", "x\n");
    const tree = treeOf({ "edge/a.ts": long, "edge/a.test.ts": long, "proto/gen/a.ts": long });
    expect(sizeBreaches(tree)).to.deep.equal(["edge/a.ts has 400 lines: at most 300"]);
  });

  it("refuse names that say nothing", () => {
    const names = [
      "edge/utils.ts",
      "edge/helpers/a.ts",
      "edge/index.ts",
      "edge/types.ts",
      "edge/camelCase.ts",
    ];
    const tree = treeOf(Object.fromEntries([...names, "edge/purge-index.ts"].map((name) => [name, ""])));
    expect(nameBreaches(tree)).to.have.length(names.length);
  });

  it("refuse a test without the file that it tests, and a file that only tests use", () => {
    const tree = treeOf({
      "edge/a.test.ts": 'import "./b.ts";',
      "edge/b.ts": "",
      "edge/main.ts": 'import "./c.ts";',
      "edge/c.ts": "",
    });
    expect(orphanTests(tree)).to.have.length(1);
    expect(unusedFiles(tree, "node edge/main.ts")).to.deep.equal([
      "edge/b.ts: no program uses it, so it must go",
    ]);
  });

  it("refuse a page that links to a file or names one that is not there", () => {
    const page = "[a](../edge/a.ts#x) `edge/b.ts` `edge/gone.ts` [c](gone.md) [web](https://a.example/b.ts)";
    const files = ["edge/a.ts", "edge/b.ts"];
    expect(missingFiles(new Map([["docs/p.md", page]]), (path) => files.includes(path))).to.deep.equal([
      "docs/p.md names docs/gone.md, which is not there",
      "docs/p.md names edge/gone.ts, which is not there",
    ]);
  });

  it("refuse a rule that no page defines, and a file that does not keep its rule", () => {
    const page = [
      "| rule | it says | kept by |",
      "| E1 | In order. | [edge/a.ts](../edge/a.ts), [edge/gone.ts](../edge/gone.ts) |",
      "| E2 | Softly. | [edge/b.ts](../edge/b.ts) |",
      "| P1 | Once. | |",
      "| E2 | Hard. | [edge/b.ts](../edge/b.ts) |",
    ].join("\n");
    const tree = treeOf({
      "edge/a.ts": "// Rules E1 and E9: in order.",
      "edge/b.ts": "// The rule P1 is kept elsewhere.",
    });
    expect(ruleBreaches(page, tree, (path) => tree.get(path))).to.deep.equal([
      "docs/purge.md defines rule E2 twice",
      "edge/a.ts cites rule E9, which docs/purge.md does not define",
      "docs/purge.md: rule E1: there is no file edge/gone.ts",
      "docs/purge.md: edge/b.ts is said to keep rule E2, and does not cite it",
      "docs/purge.md: rule P1 must name the files that keep it",
    ]);
  });
});
