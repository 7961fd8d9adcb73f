import { randomUUID } from "node:crypto";
import { Failure } from "../../process/failure.ts";
import { duration, show } from "../../process/values.ts";
import type { PurgeRequest, PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { edgeAddresses } from "../address.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import { connectEdge, protoDuration } from "../client.ts";
import type { Command } from "../command.ts";
import { CALL_MS, nobodyAnswers } from "../fleet.ts";
import { purgeDocument, purgeLines, whyNotProven } from "../purge-report.ts";
import { purgeTargets } from "../purge-target.ts";

const WAIT = duration(0, 60_000);
const DEFAULT_WAIT_MS = 5000;
// What the call may take on top of the wait: the way there and back, and the append to the log.
const MARGIN_MS = 2000;

const OPTIONS = {
  prefix: {
    type: "string",
    multiple: true,
    value: "path",
    help: "everything whose path and query begin with this",
  },
  tag: { type: "string", multiple: true, value: "tag", help: "everything that carries this tag" },
  all: { type: "boolean", help: "everything; nothing else may be named beside it" },
  site: {
    type: "string",
    value: "name",
    help: "only in this site (the one of the URL's host, else every site)",
  },
  soft: { type: "boolean", help: "keep what matches as validators: the next request revalidates it" },
  wait: {
    type: "string",
    value: "duration",
    help: "how long to wait for every edge's receipt, 0 to 60s (5s)",
  },
  "no-wait": { type: "boolean", help: "do not wait; then nothing is proven, and the exit code is 1" },
  "dry-run": { type: "boolean", help: "count what would go at the edge asked, and purge nothing" },
  "purge-id": {
    type: "string",
    value: "id",
    help: "repeat a purge safely: the same id is never purged twice",
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const purgeCommand: Command = {
  name: "purge",
  synopsis: "<url|path…> | --prefix <path> | --tag <tag> | --all [options]",
  summary: "purge on every edge, and wait for the proof",
  options: OPTIONS,
  notes: [
    "A path with a query names exactly that; a path without one names it with every query. A full URL also\nnames the site by its host. Paths, --prefix and --tag may be repeated and mixed: they go together.",
    "applied: the edge has purged. fenced: the edge is cut off for longer than its lease, so it serves nothing\nunvalidated. pending: neither is known yet.",
    "Exit code 0 only when the purge is proven: every edge applied or fenced (or when a dry run was answered).\n1 when it is pending, rejected or unknown, also after --no-wait. 2 when the command line is not understood.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("purge", OPTIONS, argv);
    const addresses = edgeAddresses(values.edge, env.EDGECACHE_EDGE);
    const waitMs = waitOf(values.wait, values["no-wait"] === true);
    const request: PurgeRequest = {
      purgeId: purgeIdOf(values["purge-id"]),
      targets: purgeTargets({
        urls: positionals,
        prefixes: values.prefix ?? [],
        tags: values.tag ?? [],
        all: values.all === true,
        site: values.site,
      }),
      soft: values.soft === true,
      wait: protoDuration(waitMs),
      dryRun: values["dry-run"] === true,
    };
    const answer = await send(addresses, request, waitMs + MARGIN_MS);
    if (values.json) terminal.write(`${JSON.stringify(purgeDocument(answer))}\n`);
    else terminal.write(purgeLines(terminal, answer, request.dryRun));
    if (request.dryRun || answer.outcome === "applied") return 0;
    terminal.complain(whyNotProven(answer));
    return 1;
  },
};

/**
 * Sends the purge to the first edge that takes it. An edge that fails is no reason to stop: the id makes a
 * second call safe. Throws a Failure when no edge can have heard of it, or when an edge refused it.
 */
async function send(addresses: readonly string[], request: PurgeRequest, ms: number): Promise<PurgeResponse> {
  let unreachable: Failure | undefined;
  let unsure: Failure | undefined;
  for (const address of addresses) {
    const client = connectEdge(address);
    let called = false;
    try {
      // What fails before the edge has answered this has certainly not purged.
      await client.ping(CALL_MS);
      called = true;
      return await client.purge(request, ms);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code === "refused") throw thrown;
      if (called) unsure = thrown;
      else unreachable = thrown;
    } finally {
      client.close();
    }
  }
  if (unsure !== undefined) {
    return { purgeId: request.purgeId, position: "", outcome: "unknown", edges: [], detail: unsure.message };
  }
  throw addresses.length === 1 && unreachable !== undefined ? unreachable : nobodyAnswers(addresses);
}

function waitOf(given: string | undefined, noWait: boolean): number {
  if (noWait && given !== undefined) {
    throw new Failure("bad-usage", "client", `--wait: must not stand beside --no-wait: ${show(given)}`);
  }
  if (given === undefined) return noWait ? 0 : DEFAULT_WAIT_MS;
  const ms = WAIT.parse(given);
  if (ms === undefined)
    throw new Failure("bad-usage", "client", `--wait: must be ${WAIT.rule}: ${show(given)}`);
  return ms;
}

function purgeIdOf(given: string | undefined): string {
  if (given === undefined) return randomUUID();
  if (/^[\w.-]{1,64}$/.test(given)) return given;
  const rule = "must be 1 to 64 characters of A-Z a-z 0-9 . _ -";
  throw new Failure("bad-usage", "client", `--purge-id: ${rule}: ${show(given)}`);
}
