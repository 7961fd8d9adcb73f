import { systemClock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import { printable } from "../../process/printable.ts";
import { show, wholeNumber } from "../../process/settings/values.ts";
import type { SeenRequest, WatchRequestsRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { COMMON_OPTIONS, type Options, parseOptions, refusePositionals } from "../arguments.ts";
import { connectEdge } from "../client.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, fleetAccess, takenAddress } from "../fleet.ts";
import type { Proof } from "../proof.ts";
import type { Colour, Terminal } from "../terminal.ts";

const RATE = wholeNumber(1, 200);
const DEFAULT_RATE = 20;
// An edge that has ended is asked again so often.
const RETRY_MS = 1_000;
// A line fits into a narrow terminal.
const WIDTH = 80;

const OPTIONS = {
  outcome: {
    type: "string",
    multiple: true,
    value: "outcome",
    help: "only hit | miss | stale | revalidated | bypass | error; may be repeated",
  },
  status: { type: "string", value: "class", help: "only statuses of a class: 1xx to 5xx" },
  "url-prefix": { type: "string", value: "path", help: "only URLs whose path begins so" },
  site: { type: "string", value: "name", help: "only requests for this site" },
  rate: {
    type: "string",
    value: "number",
    help: `requests a second from each edge: 1 to 200 (${DEFAULT_RATE})`,
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const tailCommand: Command = {
  synopsis: "[--outcome miss] [--status 5xx] [--url-prefix /shop] [options]",
  options: OPTIONS,
  examples: [
    ["", "of every edge, until Ctrl-C"],
    ["--outcome miss --outcome error", "what was no hit, and why"],
    ["--status 5xx --json", "a document a line"],
  ],
  notes: [
    "An edge looks at up to 20 hits and 100 other requests a second in each of its threads, and tells of those that fit.\nThe rest is passed over; the last line counts it, with what the options left out.",
    "An edge that ends is asked again every second. One that refuses is left out, and the others are followed.",
    "Exit codes: 0 Ctrl-C ended it; 1 no edge answered, or all refused; 2 wrong usage.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("tail", OPTIONS, argv);
    refusePositionals("tail", positionals);
    const request: WatchRequestsRequest = {
      rate: numberOf("--rate", values.rate ?? String(DEFAULT_RATE)),
      outcomes: values.outcome ?? [],
      urlPrefix: values["url-prefix"] ?? "",
      site: values.site ?? "",
      statusClass: values.status === undefined ? 0 : classOf(values.status),
    };
    const access = fleetAccess(values, env);
    const asked = await askFleet(
      access,
      (client) => client.ping(CALL_MS),
      (problem) => terminal.complain(problem),
    );
    const signal = terminal.untilStopped();
    const told = { shown: 0, passedOver: 0 };
    const refusals: Failure[] = [];
    const follow = async (name: string, address: string): Promise<void> => {
      const take = (requests: readonly SeenRequest[], passedOver: number): void => {
        told.shown += requests.length;
        told.passedOver += passedOver;
        for (const seen of requests)
          terminal.write(
            values.json ? `${JSON.stringify({ edge: name, ...seen })}\n` : line(terminal, name, seen),
          );
      };
      const followed = { name, address, request, proof: access.proof };
      const refusal = await followEdge(followed, { terminal, signal, take });
      if (refusal === undefined) return;
      refusals.push(refusal);
      if (asked.length > 1) terminal.complain(`${name}: ${refusal.message}`);
    };
    await Promise.all(asked.map(({ edge, address }) => follow(edge.edge, address)));
    const [refusal] = refusals;
    if (refusal !== undefined && refusals.length === asked.length) throw refusal;
    terminal.complain(`${told.shown} requests shown, ${told.passedOver} passed over`);
    return 0;
  },
};

interface FollowedEdge {
  readonly name: string;
  readonly address: string;
  readonly request: WatchRequestsRequest;
  readonly proof: Proof;
}

interface Following {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly take: (requests: readonly SeenRequest[], passedOver: number) => void;
}

/** Until `signal` aborts, or the edge refuses: resolves with why then. */
async function followEdge(
  { name, address, request, proof }: FollowedEdge,
  { terminal, signal, take }: Following,
): Promise<Failure | undefined> {
  let isAway = false;
  while (!signal.aborted) {
    const client = connectEdge(address, proof);
    try {
      const { edge } = await client.ping(CALL_MS);
      if (edge !== name) throw takenAddress(address, edge);
      for await (const { requests, passedOver } of client.watchRequests(request, signal)) {
        if (isAway) terminal.complain(`${name}: answers again`);
        isAway = false;
        take(requests, passedOver);
      }
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.code === "refused") return thrown;
      if (!isAway) terminal.complain(`${name}: ${describeError(thrown)}`);
      isAway = true;
    } finally {
      client.close();
    }
    await systemClock.wait(RETRY_MS, signal).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown;
    });
  }
  return undefined;
}

function numberOf(option: string, text: string): number {
  const value = RATE.parse(text);
  if (value !== undefined) return value;
  throw new Failure("bad-usage", "client", `${option}: must be ${RATE.rule}, got ${show(text)}`);
}

function classOf(text: string): number {
  const [, digit] = /^([1-5])xx$/.exec(text) ?? [];
  if (digit !== undefined) return Number(digit);
  throw new Failure("bad-usage", "client", `--status: must be 1xx, 2xx, 3xx, 4xx or 5xx, got ${show(text)}`);
}

const COLOURS: Readonly<Record<string, Colour>> = { hit: "green", error: "red", bypass: "dim" };

/** One request: a line, and a second one that says why it was no hit. */
export function line(
  painter: Pick<Terminal, "paint">,
  edge: string,
  { time, method, url, status, durationMs, outcome, reason, mend }: SeenRequest,
): string {
  const at = time?.toISOString().slice(11, 19) ?? "";
  const before = `${at} ${edge} `;
  const behind = ` ${status} ${Math.round(durationMs)} ms ${method} `;
  const word = outcome.padEnd(11);
  const room = Math.max(16, WIDTH - before.length - word.length - behind.length);
  const shown = painter.paint(COLOURS[outcome] ?? "yellow", word);
  const first = `${before}${shown}${behind}${cut(printable(url), room)}\n`;
  if (reason === "") return first;
  const why = mend === "" ? reason : `${reason} Mend: ${mend}`;
  return `${first}${painter.paint("dim", `         ${printable(why)}`)}\n`;
}

/** Its middle goes. */
function cut(text: string, room: number): string {
  if (text.length <= room) return text;
  const half = Math.floor((room - 1) / 2);
  return `${text.slice(0, room - 1 - half)}…${text.slice(-half)}`;
}
