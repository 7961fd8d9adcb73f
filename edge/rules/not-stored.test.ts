import { readFileSync } from "node:fs";
import { expect } from "chai";
import { notStored } from "./not-stored.ts";
import {
  bypassDetails,
  passedDetails,
  ruleDetails,
  staleDetails,
  tunnelDetails,
  validationDetails,
} from "./verdict-detail.ts";

const page = readFileSync(new URL("../../docs/caching.md", import.meta.url), "utf8");

/** The rows of the table under a heading: word and sentence. */
function tableUnder(heading: string): readonly (readonly [string, string])[] {
  const [, section = ""] = page.split(`### ${heading}\n`);
  const [table = ""] = section.split("\n#", 1);
  const rows = table.matchAll(/^\| `(?<word>[a-z-]+)` \| (?<sentence>.*) \|$/gm);
  return [...rows].map(({ groups }) => [groups?.word ?? "", withoutLinks(groups?.sentence ?? "")]);
}

/** The page leads on to other pages. */
function withoutLinks(sentence: string): string {
  return sentence.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

describe("docs/caching.md", () => {
  const tables = [
    ["Not stored", notStored],
    ["Passed through", { ...bypassDetails, ...passedDetails, ...tunnelDetails }],
    ["Answered by a rule", ruleDetails],
    ["Used though stale", staleDetails],
    ["Validated first", validationDetails],
  ] as const;
  for (const [heading, words] of tables) {
    it(`explains every detail word under "${heading}", and no other`, () => {
      expect(tableUnder(heading)).to.deep.equal(Object.entries(words));
    });
  }
});
