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
import type { EdgeClient } from "../client.ts";
import type { Command, CommandInput, ExitCode } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { tryEdge } from "../edge-trial.ts";
import { askFleet, askNamed, type FleetAccess, fleetAccess, type Heard, reachEdge } from "../fleet.ts";
import { callerProof } from "../proof.ts";
import { askRoute, DEFAULT_ROUTER, routerAddress } from "../router-client.ts";
import { table } from "../table.ts";
import type { Painter } from "../terminal.ts";
import { checkedUrl } from "./purge/purge-target.ts";
import { ROUTER_OPTION, routeQuestion } from "./route.ts";

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
  "all-edges": { type: "boolean", help: "ask every edge, not only the first that answers" },
  routed: { type: "boolean", help: "ask the edge that the router would choose" },
  router: ROUTER_OPTION,
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
    ["/hello.txt --all-edges", "which edges have it"],
    ["/hello.txt --routed", "the edge that a client would get now"],
    ["/app.js --config new.yaml", "by settings that are not live yet"],
  ],
  notes: [
    "Asks the first edge that answers about its own cache; each edge has one of its own. Nothing is fetched and nothing changes.\nWith --config no edge is asked: the answer is that of an edge with these settings and an empty cache.",
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
    const asked = { url, fields };
    const shown = (answer: ExplainResponse) =>
      values.rules ? rulesReport(terminal, answer) : report(terminal, answer);
    const tell = (document: object, text: string): ExitCode => {
      terminal.write(values.json ? `${JSON.stringify(document)}\n` : text);
      return 0;
    };
    const ask = (client: EdgeClient) => client.explain(asked, CALL_MS);
    const warned = (problem: string) => terminal.complain(problem);
    switch (wayOf(values)) {
      case "all-edges": {
        const edges = await askFleet(fleetAccess(values, env), ask, warned);
        return tell({ edges: edges.map(edgeDocument) }, allEdges(edges, shown));
      }
      case "routed": {
        const router = routerAddress(values.router, env.EDGECACHE_ROUTER) ?? DEFAULT_ROUTER;
        const page = await askRoute(router, routeQuestion(url, undefined), callerProof(values, env));
        if (page.edge === null) throw new Failure("no-edge", "edge", "the router has no edge for it now");
        const unknown = () => new Failure("no-edge", "edge", `${page.edge} is not in the heartbeat table`);
        const answer = await askNamed(page.edge, fleetAccess(values, env), { ask, unknown, warned });
        return tell(answer, `routed because ${page.because}\n${shown(answer)}`);
      }
      case "config": {
        const answer = await explainTrial(asked, values.config ?? "", env);
        return tell(answer, shown(answer));
      }
      case undefined: {
        const answer = await askEdge(asked, fleetAccess(values, env));
        return tell(answer, shown(answer));
      }
    }
  },
};

const WAYS = ["all-edges", "routed", "config"] as const;

/** Who is asked; undefined for the first edge that answers. Throws Failure("bad-usage") for two of them. */
function wayOf(values: Partial<Record<(typeof WAYS)[number], unknown>>): (typeof WAYS)[number] | undefined {
  const [way, other] = WAYS.filter((each) => values[each] !== undefined && values[each] !== false);
  if (other === undefined) return way;
  throw new Failure("bad-usage", "client", `--${other}: must not be given with --${way}`);
}

type HeardAnswer = Heard<ExplainResponse>;

function edgeDocument(heard: HeardAnswer) {
  return heard.answer === undefined
    ? { edge: heard.edge.edge, problem: heard.failure.message }
    : heard.answer;
}

function allEdges(edges: readonly HeardAnswer[], shown: (answer: ExplainResponse) => string): string {
  return edges
    .map((heard) =>
      heard.answer === undefined
        ? `edge     ${printable(heard.edge.edge)}\nproblem  ${printable(heard.failure.message)}\n`
        : shown(heard.answer),
    )
    .join("\n");
}

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
    ...(answer.owner === "" ? [] : [["owner", answer.owner]]),
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
  head: ["", "status", "bytes", "age", "ttl", "by", "validator", "varies with", "tags", "position", "tier"],
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
    variant.tier,
  ];
}
