import { z } from "zod";
import { Failure } from "../../process/failure.ts";
import { printable } from "../../process/printable.ts";
import { show } from "../../process/settings/values.ts";
import {
  type ExplainedRule,
  type ExplainRequest,
  ExplainResponse,
  type StoredVariant,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import type { Command, CommandInput } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { tryEdge } from "../edge-trial.ts";
import { type FleetAccess, fleetAccess, reachEdge } from "../fleet.ts";
import { table } from "../table.ts";
import type { Painter } from "../terminal.ts";
import { checkedUrl } from "./purge/purge-target.ts";

const OPTIONS = {
  field: {
    type: "string",
    multiple: true,
    value: "Name: value",
    help: "a request field, such as 'Accept-Encoding: gzip'; may be repeated",
  },
  rules: {
    type: "boolean",
    help: "show the rules of the site only, each with whether it matches and why not",
  },
  config: {
    type: "string",
    value: "file",
    help: "ask a configuration file that is not live yet, in place of an edge",
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const explainCommand: Command = {
  synopsis: "<url> [options]",
  options: OPTIONS,
  examples: [
    ["/hello.txt", "the first edge that answers"],
    ["/app.js --field 'Accept-Encoding: gzip'", "as a browser asks"],
    ["/app.js --config new.yaml", "by settings that are not live yet"],
  ],
  notes: [
    "Asks the edge named by --edge about its own cache. Nothing is fetched and nothing changes.\nWith --config no edge is asked: the answer is that of an edge with these settings and an empty cache.",
    "Exit codes: 0 the edge answered, 1 it did not.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("explain", OPTIONS, argv);
    const [given, second] = positionals;
    if (given === undefined || second !== undefined) {
      const got = second === undefined ? "nothing" : show(second);
      throw new Failure("bad-usage", "client", `explain: takes one URL or path, got ${got}`);
    }
    const url = checkedUrl(given);
    const fields = requestFields(values.field ?? []);
    const answer =
      values.config === undefined
        ? await askEdge({ url, fields }, fleetAccess(values, env))
        : await explainTrial({ url, fields }, values.config, env);
    if (values.json) terminal.write(`${JSON.stringify(answer)}\n`);
    else terminal.write(values.rules ? rulesReport(terminal, answer) : report(terminal, answer));
    return 0;
  },
};

async function explainTrial(
  request: ExplainRequest,
  config: string,
  env: CommandInput["env"],
): Promise<ExplainResponse> {
  const task = { what: "explain", ...request };
  const { explained } = trial.parse(await tryEdge(task, ["--config", config], env));
  return ExplainResponse.decode(Buffer.from(explained, "base64"));
}

const trial = z.object({ explained: z.base64() });

async function askEdge(request: ExplainRequest, access: FleetAccess): Promise<ExplainResponse> {
  const { client } = await reachEdge(access);
  try {
    return await client.explain(request, CALL_MS);
  } finally {
    client.close();
  }
}

function rulesReport(terminal: Painter, { rules, target }: ExplainResponse): string {
  const replaced = target === "" ? "" : `the target becomes ${printable(target)}\n`;
  return rules.length === 0
    ? "the site has no rules\n"
    : `${table(terminal, RULES, rules.map(ruleCells))}${replaced}`;
}

// RFC 9110 section 5.1 (a name is a token) and section 5.5 (a value has no control characters).
const FIELD_LINE = /^([!#$%&'*+.^_`|~\da-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/i;

function requestFields(lines: readonly string[]): Record<string, string> {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const match = FIELD_LINE.exec(line);
    if (match === null) {
      throw new Failure("bad-usage", "client", `--field: must be "Name: value" in ASCII, got ${show(line)}`);
    }
    fields.push([match[1] ?? "", match[2] ?? ""]);
  }
  return Object.fromEntries(fields);
}

function report(terminal: Painter, answer: ExplainResponse): string {
  const summary = table(terminal, {}, [
    ["edge", answer.edge],
    ["key", answer.key],
    ["next", { text: answer.next, colour: "bold" }],
    ["because", answer.reason],
    ...(answer.target === "" ? [] : [["target", answer.target]]),
  ]);
  const rules = answer.rules.length === 0 ? "" : `\n${table(terminal, RULES, answer.rules.map(ruleCells))}`;
  if (answer.variants.length === 0) return `${summary}nothing is stored under this key\n${rules}`;
  return `${summary}\n${table(terminal, VARIANTS, answer.variants.map(cells))}${rules}`;
}

const RULES = { head: ["", "rule", "does", "unmet"] };

function ruleCells({ matched, rule, does, because }: ExplainedRule): string[] {
  return [matched ? "→" : "", rule, does.join(", "), because];
}

const VARIANTS = {
  head: ["", "status", "bytes", "age", "ttl", "by", "validator", "varies with", "tags", "position"],
  figures: [1, 2, 3, 4],
};

function cells(variant: StoredVariant): string[] {
  return [
    variant.selected ? "→" : "",
    String(variant.status),
    String(variant.bodyBytes),
    `${Math.round(variant.age)} s`,
    `${Math.round(variant.ttl)} s`,
    variant.freshnessSource,
    variant.validator || "-",
    Object.entries(variant.selectingFields)
      .map(([name, value]) => `${name}: ${value}`)
      .join(", ") || "-",
    variant.tags.join(", ") || "-",
    variant.position,
  ];
}
