import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { problemsOf, writtenRules } from "../../../test/rig/written-rules.ts";
import { edgeConfig } from "../../config.ts";
import { presetNames, presetRules } from "./preset.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/presets.md"), "utf8");

/** The rules of a preset as the page shows them. */
function shown(preset: string): string {
  const blocks = page.matchAll(/```yaml\n# preset: (.+)\n([\s\S]+?)```/g);
  return [...blocks].find(([, name]) => name === preset)?.[2] ?? "";
}

/** Without what is undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const labels = (yaml: string) => writtenRules(yaml).book.rules.map(({ label }) => label);

describe("a preset", () => {
  for (const preset of presetNames) {
    it(`${preset} is as its page shows it, in rules that an owner can write`, () => {
      const named = writtenRules(shown(preset)).book.written.map((rule) => ({
        ...rule,
        name: `preset:${preset}/${rule.name}`,
      }));
      expect(plain(named)).to.deep.equal(plain(presetRules(preset)));
    });
  }

  it("stands behind the rules of the owner, in a site and for --origin", () => {
    const own = "{name: own, ttl: 1m}";
    expect(labels(`preset: api\nrules: [${own}]\n`)).to.deep.equal([
      "own",
      "preset:api/credentials",
      "preset:api/sessions",
      "preset:api/answers",
    ]);
    const file = `sites: [{name: a, origin: 'http://o', preset: api, rules: [${own}]}]\n`;
    const input = { argv: ["--config", "edge.yaml"], env: {}, readFile: () => file };
    const [site] = edgeConfig(input).sites;
    const ofSite = site?.rules?.book.rules.map(({ label }) => label);
    expect(ofSite).to.deep.equal(labels(`preset: api\nrules: [${own}]\n`));
  });

  it("gives way to the setting of cookies, also to the usual one", () => {
    const [first] = writtenRules("preset: media\n").book.rules;
    expect(first?.label).to.equal("preset:media/everybody");
    for (const cookies of ["keep", "drop", "[lang]"])
      expect(labels(`preset: media\ncookies: ${cookies}\n`)[0]).to.equal("cookies");
  });

  it("is none of another name, and no rule of an owner has a name as its rules have", () => {
    expect(problemsOf("preset: drupal\n").join()).to.include(
      "edge.yaml:1:1: preset: must be one of wordpress, static-site, single-page-app, api, media, got",
    );
    expect(problemsOf("rules: [{name: 'preset:api/answers', ttl: 1m}]\n").join()).to.include(
      "must be a name of",
    );
  });
});
