import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { edgeConfig } from "../../edge/config.ts";
import { ruleActions, ruleWords } from "../../edge/rules/site/rule-words.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/rules.md"), "utf8");
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);

describe("docs/rules.md", () => {
  it("has examples that an edge takes", () => {
    expect(examples.length).to.be.greaterThan(1);
    for (const text of examples) {
      const argv = ["--config", "edge.yaml", ...(text.startsWith("sites:") ? [] : ["--origin", "http://a"])];
      const { sites } = edgeConfig({ argv, env: {}, readFile: () => text });
      expect(sites[0]?.rules?.book.rules.length, text).to.be.greaterThan(1);
    }
  });

  it("has a row for each thing that a rule can do", () => {
    for (const action of ruleActions) expect(page).to.match(new RegExp(`^\\| \`${ruleWords[action]}:`, "m"));
  });
});
