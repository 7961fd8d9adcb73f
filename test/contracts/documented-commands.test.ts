import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { checkSettings } from "../../start/checked-settings.ts";
import { COMMANDS_NOT_RUN, PAGES_RUN_ELSEWHERE } from "../rig/commands-not-run.ts";
import { DocumentedSystem } from "../rig/documented-system.ts";
import { type Command, commandsOf, fencesOf, patternOf } from "../rig/page-fences.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGES = globSync(["README.md", "docs/**/*.md"], { cwd: ROOT }).sort();
const FENCES = PAGES.flatMap((page) => fencesOf(page, readFileSync(resolve(ROOT, page), "utf8")));
const LANGUAGES = ["console", "ini", "js", "mermaid", "php", "sh", "text", "yaml"];
const COMMANDS = FENCES.filter(({ language }) => language === "sh" || language === "console").flatMap(
  commandsOf,
);
const STARTS = /^(npm start|npm run (edge|router)|npx edgecache (edge|router))\b/;
// It does not wait for receipts, so it ends with 1: "not yet confirmed".
const UNPROVEN = /--no-wait/;
// Programs that a machine may not have, and that are nothing of ours.
const FOREIGN = ["curl", "jq", "openssl"];

function reasonNotToRun({ page, text }: Command): string | undefined {
  const elsewhere = PAGES_RUN_ELSEWHERE.get(page);
  return elsewhere ?? [...COMMANDS_NOT_RUN].find(([begin]) => text.startsWith(begin))?.[1];
}

// The private CA that the page of certificates makes.
const CONTROL = ["ca", "cert", "key"].map(
  (name) => [`--control-${name}`, name === "ca" ? "ca.cert" : `edge-1.${name}`] as const,
);

function isAboutCallers(yaml: string): boolean {
  return yaml.startsWith("callers:");
}

/** What an edge has to say of the settings in a block. Those of a site alone stand in a file with a site. */
async function problemsIn(yaml: string, folder = "."): Promise<readonly string[]> {
  const isWhole = /^(sites|id):/m.test(yaml);
  const argv = [
    "--config",
    "edge.yaml",
    ...(isWhole ? [] : ["--origin", "http://127.0.0.1:8000"]),
    ...(isAboutCallers(yaml) ? CONTROL.flatMap(([flag, name]) => [flag, `${folder}/certs/${name}.pem`]) : []),
  ];
  const { problems } = await checkSettings("edge", { argv, env: {}, readFile: () => yaml });
  return problems;
}

describe("the blocks of the documentation", function () {
  this.timeout(60_000);

  it("say their language", () => {
    const others = FENCES.filter(({ language }) => !LANGUAGES.includes(language));
    expect(others.map(({ page, line, language }) => `${page}:${line}: "${language}"`)).to.deep.equal([]);
  });

  describe("hold, in the order of each page:", () => {
    let system: DocumentedSystem;
    before(async () => {
      system = await DocumentedSystem.start();
    });
    after(async () => await system?.stop());

    for (const page of PAGES) {
      const toRun = COMMANDS.filter(
        (command) => command.page === page && reasonNotToRun(command) === undefined,
      );
      const settings = FENCES.filter(({ page: its, language }) => its === page && language === "yaml");
      if (toRun.length + settings.length === 0 || PAGES_RUN_ELSEWHERE.has(page)) continue;

      describe(page, () => {
        before(() => system.configure(settings.map(({ text }) => text).find(isAboutCallers) ?? ""));

        for (const { line, text, prints } of toRun) {
          it(`line ${line}: ${text}`, async function () {
            const missing = FOREIGN.filter(
              (name) => text.includes(`${name} `) && spawnSync(name, ["--version"]).error !== undefined,
            );
            if (missing.length > 0) this.skip();
            if (STARTS.test(text)) {
              await system.startAndEnd(text);
              return;
            }
            const { code, stdout, stderr } = await system.run([text]);
            expect(code, `${stdout}\n${stderr}`).to.be.oneOf(UNPROVEN.test(text) ? [0, 1] : [0]);
            for (const shown of prints) expect(stdout).to.match(patternOf(shown));
          });
        }

        for (const { line, text } of settings) {
          it(`line ${line}: settings`, async () =>
            expect(await problemsIn(system.settingsHere(text), system.folder)).to.deep.equal([]));
        }
      });
    }
  });

  it("of commands that no test runs have a reason, and each reason has a command", () => {
    const unused = [...COMMANDS_NOT_RUN.keys()].filter(
      (begin) => !COMMANDS.some(({ text }) => text.startsWith(begin)),
    );
    expect(unused).to.deep.equal([]);
    const reasons = [...COMMANDS_NOT_RUN.values(), ...PAGES_RUN_ELSEWHERE.values()];
    const named = reasons.flatMap((reason) => reason.match(/[\w/-]+\.test\.ts/g) ?? []);
    expect(named.filter((file) => !existsSync(resolve(ROOT, file)))).to.deep.equal([]);
    for (const [page, test] of PAGES_RUN_ELSEWHERE) {
      expect(readFileSync(resolve(ROOT, test), "utf8")).to.contain(page);
    }
  });

  it("would be found to have a command that fails, and settings that are wrong", async () => {
    expect(await problemsIn("rules:\n  - { tll: 1m }\n")).not.to.deep.equal([]);
    const text = "$ echo a \\\n    b   # why\na b\n$ echo c\n";
    expect(commandsOf({ page: "p.md", line: 5, language: "console", text })).to.deep.equal([
      { page: "p.md", line: 5, text: "echo a b", prints: ["a b"] },
      { page: "p.md", line: 8, text: "echo c", prints: [] },
    ]);
    expect("token=1.2").to.match(patternOf("token=…")).and.not.to.match(patternOf("token=3…"));
  });
});
