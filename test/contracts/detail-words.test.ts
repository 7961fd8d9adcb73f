import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import {
  edgeErrors,
  originErrors as originSentences,
  refusals as refusalSentences,
  tlsErrors,
} from "../../edge/cache/error-details.ts";
import { statusFor } from "../../edge/origin/origin-error.ts";
import { readSourceTree } from "../rig/source-tree.ts";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(resolve(root, "docs/caching.md"), "utf8");
const product = [...readSourceTree(root)].filter(
  ([path]) => /^(edge|http)\//.test(path) && !path.endsWith(".test.ts"),
);

/** The words of the section's tables, each with its status where the table has one. */
function explained(): ReadonlyMap<string, number> {
  const [, section = ""] = page.split("## What `detail` says\n");
  const [tables = ""] = section.split(/\n## /, 1);
  const rows = tables.matchAll(/^\| `([\w.-]+)` \|(?: (\d{3}) \|)? .+ \|$/gm);
  return new Map([...rows].map(([, word = "", status = "0"]) => [word, Number(status)]));
}

/** The rows of the tables with a status, without the links in them. */
function sentencesOfErrors(): readonly (readonly [string, string])[] {
  const [, section = ""] = page.split("### Errors of the edge\n");
  const [tables = ""] = section.split(/\n## /, 1);
  const rows = tables.matchAll(/^\| `([\w.-]+)` \| \d{3} \| (.+) \|$/gm);
  return [...rows].map(([, word = "", sentence = ""]) => [
    word,
    sentence.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"),
  ]);
}

/** The members of the unions of words with which requests are refused. */
function refusals(): readonly string[] {
  const unions = product.flatMap(([, text]) => [
    ...text.matchAll(/^export type (?:Refusal|FieldFault|FramingFault|TargetFault) =([^;]+);/gm),
  ]);
  return unions.flatMap(([, members = ""]) => members.match(/(?<=")[\w.-]+(?=")/g) ?? []);
}

/** The words that stand as they are where an answer is made. */
function literals(): readonly string[] {
  return product.flatMap(([, text]) => text.match(/(?<=\bdetail: ")[\w-]+(?=")/g) ?? []);
}

/** RFC 9209's and our words for an origin that gives no response: the keys of one table. */
function originErrors(): readonly string[] {
  const text = readFileSync(resolve(root, "edge/origin/origin-error.ts"), "utf8");
  const [, table = ""] = /STATUS_OF = \{([^}]+)\}/.exec(text) ?? [];
  return [...table.matchAll(/^\s+"?([\w-]+)"?: \d{3},/gm)].map(([, word = ""]) => word);
}

describe("docs/caching.md", () => {
  it("explains every detail word with which a request is answered by the edge itself", () => {
    const words = [...refusals(), ...literals(), ...originErrors()];
    expect(words).to.include.members(["folded-field", "loop", "connection_refused"]);
    expect(words.filter((word) => !explained().has(word))).to.deep.equal([]);
  });

  it("repeats the sentence of each error and refusal, and has no other", () => {
    const sentences = { ...edgeErrors, ...originSentences, ...tlsErrors, ...refusalSentences };
    expect(Object.fromEntries(sentencesOfErrors())).to.deep.equal(sentences);
  });

  it("gives each error of an origin the status that clients get", () => {
    const said = originErrors().map((word) => [word, explained().get(word)]);
    expect(said).to.deep.equal(originErrors().map((word) => [word, statusFor(word)]));
  });

  it("explains no refusal that is not made", () => {
    const [, section = ""] = page.split("### Refused requests\n");
    const [table = ""] = section.split("\n#", 1);
    const words = [...table.matchAll(/^\| `([\w.-]+)` \|/gm)].map(([, word]) => word);
    expect(words).to.have.members([...refusals(), "unknown-host"]);
  });
});
