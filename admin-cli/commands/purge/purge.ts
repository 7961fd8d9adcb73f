import { randomUUID } from "node:crypto";
import { Failure } from "../../../process/failure.ts";
import { duration, show, wholeNumber } from "../../../process/settings/values.ts";
import type { PurgeReceipt, PurgeRequest, PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";
import { dryRunDocument, purgeDocument } from "../../../proto/json/purge-document.ts";
import { MOST_PACE, MOST_TARGETS } from "../../../purge-log/purge.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../../arguments.ts";
import { protoDuration } from "../../client.ts";
import type { Command, ExitCode } from "../../command.ts";
import { type FleetAccess, fleetAccess } from "../../fleet.ts";
import type { Terminal } from "../../terminal.ts";
import { dryRun, dryRunAnswer } from "./dry-run.ts";
import { receiptsLine } from "./follow-receipts.ts";
import { progressBar } from "./progress-bar.ts";
import { batchIds, purgeBatches } from "./purge-batches.ts";
import { dryRunLines, purgeLines, whyNotProven } from "./purge-report.ts";
import { purgeTargets } from "./purge-target.ts";
import { sendPurges } from "./send-purge.ts";
import { readTargetList } from "./target-list.ts";

const WAIT = duration(0, 60_000);
const DEFAULT_WAIT_MS = 5000;
const REBOUND = duration(100, 300_000);
const PACE = wholeNumber(1, MOST_PACE);

const OPTIONS = {
  prefix: {
    type: "string",
    multiple: true,
    value: "path",
    help: "every response whose path and query begin with this",
  },
  tag: { type: "string", multiple: true, value: "tag", help: "every response with this tag" },
  all: { type: "boolean", help: "everything; allows no other target. At a terminal it asks first" },
  yes: { type: "boolean", help: "do not ask" },
  file: {
    type: "string",
    value: "path",
    help: "read targets from a file, one per line: a URL, a path, prefix <path> or tag <tag>; - is standard input",
  },
  site: {
    type: "string",
    value: "name",
    help: "purge in this site only (default: the site of the URL's host, else every site)",
  },
  soft: {
    type: "boolean",
    help: "mark responses stale instead of removing them; their own stale-* directives then decide",
  },
  pace: {
    type: "string",
    value: "n/s",
    help: "with --soft: every edge refetches what matched, the most used first, at 1/s to 1000/s",
  },
  wait: {
    type: "string",
    value: "duration",
    help: "how long to wait for the receipts of all edges, 0 to 60s (5s)",
  },
  "no-wait": { type: "boolean", help: "do not wait; proves nothing, so the exit code is 1" },
  rebound: {
    type: "string",
    value: "duration",
    help: "purge the same again after this time, 100ms to 300s, for an origin that shows new content late",
  },
  "dry-run": { type: "boolean", help: "count what each edge would purge, and purge nothing" },
  "purge-id": {
    type: "string",
    value: "id",
    help: "use this id, to repeat a purge safely: an id is purged once",
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const purgeCommand: Command = {
  synopsis: "<url|path…> | - | --file <path> | --prefix <path> | --tag <tag> | --all [options]",
  options: OPTIONS,
  examples: [
    ["/news/today", "a path, with every query"],
    ["https://shop.example/cart.css", "one URL of one site"],
    ["--tag product-7 --soft", "what has the tag becomes stale"],
    ["--prefix /images/ --dry-run", "count first"],
    ["--file urls.txt", "one target a line"],
  ],
  notes: [
    "A path with a query names exactly that URL. A path without one names it with every query. The host of a\nfull URL selects the site. Paths, --prefix and --tag may be repeated and mixed: all are one purge.",
    `More than ${MOST_TARGETS} targets, or 64 KiB of them, become several purges, one after the other, with the ids\n<purge-id>.1, .2 and so on. The position and the states are those of the last one. The objects are the sum.`,
    "--rebound is written to the purge log: the first edge that is up at that time sends the second purge.\n--dry-run asks every edge. Its outcome is pending, because nothing was purged.",
    "--pace limits each edge on its own. The receipts do not wait for the refetches. A client that comes first is\nanswered as after any soft purge. When several paced purges run on an edge, the slowest pace applies.",
    "The variable EDGECACHE_TOKEN must hold the token of the fleet, if it has one. The read token is not enough.",
    "applied: the edge has purged. fenced: the edge has been cut off for longer than its lease, so it serves nothing\nwithout asking the origin. pending: neither is known yet.",
    "Exit codes: 0 every edge is applied or fenced (or a dry run was answered); 1 pending, rejected or unknown, also\nafter --no-wait; 2 wrong usage.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("purge", OPTIONS, argv);
    const access = fleetAccess(values, env);
    const waitMs = waitOf(values.wait, values["no-wait"] === true);
    const rebound = reboundOf(values.rebound);
    const pace = paceOf(values.pace, values.soft === true);
    const purgeId = purgeIdOf(values["purge-id"]);
    const batches = purgeBatches(await targetsOf(values, positionals));
    const ids = batchIds(purgeId, batches.length);
    const requests = batches.map(
      (targets, i): PurgeRequest => ({
        purgeId: ids[i] ?? purgeId,
        targets,
        soft: values.soft === true,
        wait: protoDuration(waitMs),
        dryRun: false,
        rebound,
        pace,
      }),
    );
    const json = values.json === true;
    if (values["dry-run"]) return forecast(purgeId, requests, access, json, terminal);
    if (
      values.all === true &&
      values.yes !== true &&
      !(await terminal.confirms(ALL_QUESTION[values.soft === true ? "soft" : "hard"]))
    )
      throw new Failure("not-confirmed", "client", "nothing was purged: --yes does not ask");
    const isOne = requests.length === 1;
    const onProgress = (done: number, all: number) => {
      if (!isOne) terminal.progress(progressBar(done, all));
    };
    const onReceipts =
      isOne && terminal.screen
        ? (receipts: readonly PurgeReceipt[]) => terminal.progress(receiptsLine(receipts))
        : undefined;
    const sending = { ...access, waitMs, onProgress, onReceipts };
    const sent = await sendPurges(purgeId, requests, sending).finally(() => terminal.progress(undefined));
    const { answer, calls } = sent;
    terminal.write(json ? `${JSON.stringify(purgeDocument(answer))}\n` : purgeLines(terminal, answer));
    if (answer.outcome === "applied") return 0;
    terminal.complain(whyNotProven(answer, { done: calls, all: requests.length }));
    return 1;
  },
};

const ALL_QUESTION = {
  hard: "Remove every stored response from every edge? The origin gets all their requests.",
  soft: "Mark every stored response stale on every edge? The origin is asked about each.",
};

interface Named {
  readonly prefix?: string[];
  readonly tag?: string[];
  readonly all?: boolean;
  readonly site?: string;
  readonly file?: string;
}

/** The targets of the arguments, then those of the list; `-` is the list on standard input. Throws Failure("bad-usage"). */
async function targetsOf(values: Named, positionals: readonly string[]): Promise<PurgeTarget[]> {
  const list = values.file ?? (positionals.includes("-") ? "-" : undefined);
  const listed = list === undefined ? undefined : await readTargetList(list);
  return purgeTargets({
    urls: [...positionals.filter((url) => url !== "-"), ...(listed?.urls ?? [])],
    prefixes: [...(values.prefix ?? []), ...(listed?.prefixes ?? [])],
    tags: [...(values.tag ?? []), ...(listed?.tags ?? [])],
    all: values.all === true,
    site: values.site,
  });
}

async function forecast(
  purgeId: string,
  requests: readonly PurgeRequest[],
  access: FleetAccess,
  json: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const answer = dryRunAnswer(purgeId, await dryRun(access, requests));
  terminal.write(json ? `${JSON.stringify(dryRunDocument(answer))}\n` : dryRunLines(terminal, answer));
  return 0;
}

function reboundOf(given: string | undefined): PurgeRequest["rebound"] {
  if (given === undefined) return undefined;
  const ms = REBOUND.parse(given);
  if (ms !== undefined) return protoDuration(ms);
  throw new Failure("bad-usage", "client", `--rebound: must be ${REBOUND.rule}, got ${show(given)}`);
}

/** Requests a second; 0 when nothing is to be asked for again. */
function paceOf(given: string | undefined, soft: boolean): number {
  if (given === undefined) return 0;
  const pace = PACE.parse(/^(.*)\/s$/.exec(given)?.[1] ?? "");
  if (pace === undefined) {
    const rule = `must be ${PACE.rule}, followed by /s, such as 50/s`;
    throw new Failure("bad-usage", "client", `--pace: ${rule}, got ${show(given)}`);
  }
  if (soft) return pace;
  throw new Failure("bad-usage", "client", `--pace: must be given with --soft, got ${show(given)}`);
}

function waitOf(given: string | undefined, noWait: boolean): number {
  if (noWait && given !== undefined) {
    throw new Failure("bad-usage", "client", `--wait: must not be given with --no-wait, got ${show(given)}`);
  }
  if (given === undefined) return noWait ? 0 : DEFAULT_WAIT_MS;
  const ms = WAIT.parse(given);
  if (ms === undefined)
    throw new Failure("bad-usage", "client", `--wait: must be ${WAIT.rule}, got ${show(given)}`);
  return ms;
}

function purgeIdOf(given: string | undefined): string {
  if (given === undefined) return randomUUID();
  if (/^[\w.-]{1,64}$/.test(given)) return given;
  const rule = "must be 1 to 64 characters of A-Z a-z 0-9 . _ -";
  throw new Failure("bad-usage", "client", `--purge-id: ${rule}, got ${show(given)}`);
}
