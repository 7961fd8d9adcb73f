import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { commandsOf, fencesOf, patternOf } from "../rig/page-fences.ts";
import { RecipeApplication } from "../rig/recipe-application.ts";
import { runCommand } from "../rig/run-command.ts";

const ROOT = resolve(import.meta.dirname, "../..");
// Each page: commands to prepare (sh), a file of settings (yaml), and what a reader then sees (console).
const PAGES = [
  "docs/recipes/api-and-graphql.md",
  "docs/recipes/canary.md",
  "docs/recipes/several-sites.md",
  "docs/recipes/signed-downloads.md",
  "docs/recipes/single-page-app.md",
  "docs/recipes/wordpress.md",
];
const OTHERS = ["README.md", "purge-over-http.md"];

describe("the recipes (they need curl)", function () {
  this.timeout(60_000);
  let main: RecipeApplication;
  let second: RecipeApplication;

  before(async function () {
    // The presets, rules and signed URLs that they are made of have tests that need no curl.
    if (["curl", "openssl"].some((name) => spawnSync(name, ["--version"]).error !== undefined)) this.skip();
    main = await RecipeApplication.start("main");
    second = await RecipeApplication.start("second");
  });
  after(async () => {
    await main?.stop();
    await second?.stop();
  });

  it("are all tested", () => {
    const there = readdirSync(join(ROOT, "docs/recipes")).filter((name) => !OTHERS.includes(name));
    expect(there.map((name) => `docs/recipes/${name}`).sort()).to.deep.equal(PAGES);
  });

  for (const page of PAGES) {
    it(`show what happens: ${page}`, async () => {
      const fences = fencesOf(page, readFileSync(join(ROOT, page), "utf8"));
      const folder = mkdtempSync(join(tmpdir(), "edgecache-recipe-"));
      mkdirSync(join(folder, "etc/edgecache"), { recursive: true });
      const here = (text: string) =>
        text
          .replaceAll("http://10.0.0.5:8080", main.url)
          .replaceAll("http://10.0.0.6:8080", second.url)
          .replaceAll("/etc/edgecache", join(folder, "etc/edgecache"));
      const sh = async (command: string, edge?: string) => {
        const npx = `npx() { shift; "${process.execPath}" "${ROOT}/packaging/edgecache.mjs" "$@"; }`;
        const script = `${npx}\n${here(command)}`;
        const env = {
          HOME: folder,
          CURL_HOME: folder,
          ...(edge === undefined ? {} : { EDGECACHE_EDGE: edge }),
        };
        return await runCommand("bash", ["-e", "-o", "pipefail", "-c", script], folder, env);
      };
      const blocks = (language: string) => fences.filter((fence) => fence.language === language);
      for (const { text } of blocks("sh").flatMap(commandsOf))
        expect((await sh(text)).code, text).to.equal(0);
      const [settings] = blocks("yaml");
      writeFileSync(join(folder, "edge.yaml"), here(settings?.text ?? ""));
      const edge = await EdgeProcess.start({
        id: "edge-1",
        origin: undefined,
        flags: ["--config", join(folder, "edge.yaml")],
      });
      try {
        // The hosts of the recipe are those of this edge.
        writeFileSync(join(folder, ".curlrc"), `connect-to = "::127.0.0.1:${edge.httpPort}"\n`);
        for (const { line, text, prints } of blocks("console").flatMap(commandsOf)) {
          const { code, stdout, stderr } = await sh(text, edge.control);
          expect(code, `${page}:${line} ${text}\n${stdout}${stderr}`).to.equal(0);
          for (const shown of prints) expect(stdout, `${page}:${line} ${text}`).to.match(patternOf(shown));
        }
      } finally {
        await edge.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
