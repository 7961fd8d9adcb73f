import { systemClock } from "../../../process/clock.ts";
import { Failure } from "../../../process/failure.ts";
import { show, wholeNumber } from "../../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { CALL_MS } from "../../deadline.ts";
import { askFleet, fleetAccess } from "../../fleet.ts";
import { table } from "../../table.ts";
import type { Terminal } from "../../terminal.ts";
import { progressBar } from "../purge/progress-bar.ts";
import { checkedUrl } from "../purge/purge-target.ts";
import { readTargetList } from "../purge/target-list.ts";
import { hotUrls } from "./hot-urls.ts";
import { sitemapUrls } from "./sitemap.ts";
import { WarmedEdge } from "./warm-edge.ts";
import { type Tally, warm } from "./warming.ts";

const CONCURRENCY = wholeNumber(1, 64);
const RATE = wholeNumber(1, 10_000);
// An origin that makes pages by program answers so many beside its visitors.
const DEFAULT_CONCURRENCY = 4;
const DEFAULT_RATE = 20;
// What an edge lists at most; a site with a million pages has most of its requests for far fewer.
const MOST = wholeNumber(1, 5_000);
const DEFAULT_MOST = 1_000;
// More would hide what is above them.
const MOST_COMPLAINTS = 20;
// So a log of a run has some lines, not thousands.
const LINES = 10;

const OPTIONS = {
  sitemap: {
    type: "string",
    multiple: true,
    value: "url|file",
    help: "a sitemap or an index of sitemaps, also .gz; every URL in it",
  },
  file: { type: "string", value: "path", help: "a file with a URL or a path a line; - is standard input" },
  from: {
    type: "string",
    value: "id",
    help: "what this edge has stored and answers most, asked of every other edge",
  },
  most: {
    type: "string",
    value: "number",
    help: `with --from, at most so many URLs: 1 to 5000 (${DEFAULT_MOST})`,
  },
  rate: {
    type: "string",
    value: "n/s",
    help: `requests a second to each edge: 1/s to 10000/s (${DEFAULT_RATE}/s)`,
  },
  concurrency: {
    type: "string",
    value: "number",
    help: `requests at once to each edge: 1 to 64 (${DEFAULT_CONCURRENCY})`,
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const warmCommand: Command = {
  synopsis: "<url|path…> | --sitemap <url|file> | --file <path> | --from <edge> [options]",
  options: OPTIONS,
  examples: [
    ["https://shop.example/ https://shop.example/app.css", "at every edge"],
    ["--sitemap https://shop.example/sitemap.xml --rate 50/s", "a whole site"],
    ["--from edge-1 --most 500", "the other edges, with what edge-1 answers most"],
    ["--file urls.txt --json", "the counts as a document"],
  ],
  notes: [
    "Asks every edge for each URL on its data port, as a client would: the host of the URL selects the site, and its scheme\nis sent in X-Forwarded-Proto, which an edge believes from its trusted proxies only. A path is asked for without a site's\nhost. Bodies are read and dropped.",
    "A run that was ended early can be started again: what is stored by then is a hit, and costs the origin nothing.\nhits: it was stored before. stored: it is stored now. not stored: the response may not be stored (explain says why).",
    "--from takes what the edge has in memory for everybody, with the URLs that the rules of a site have made. It leaves out\nsites that no host of these URLs selects: those whose origin is told a host of its own (--origin-host).",
    "Exit codes: 0 every edge answered every URL; 1 an error, an edge that is unreachable, or Ctrl-C; 2 wrong usage.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("warm", OPTIONS, argv);
    const rate = numberOf(
      "--rate",
      RATE,
      /^(.*)\/s$/.exec(values.rate ?? `${DEFAULT_RATE}/s`)?.[1],
      values.rate,
    );
    const given = values.concurrency ?? String(DEFAULT_CONCURRENCY);
    const concurrency = numberOf("--concurrency", CONCURRENCY, given, given);
    const access = fleetAccess(values, env);
    if (values.most !== undefined && values.from === undefined)
      throw badUsage(`--most: must be given with --from, got ${show(values.most)}`);
    const most = numberOf("--most", MOST, values.most ?? String(DEFAULT_MOST), values.most);
    const listed = await urlsOf(positionals, values.sitemap ?? [], values.file);
    const hot = values.from === undefined ? [] : await hotUrls(values.from, most, access);
    const urls = [...new Set([...listed, ...hot])];
    if (values.from === undefined && urls.length === 0)
      throw badUsage("warm: must name a URL, a path, --sitemap, --file or --from, got nothing");
    const fleet = await askFleet(
      access,
      (client) => client.ping(CALL_MS),
      (problem) => terminal.complain(problem),
    );
    const asked = fleet.filter(({ edge }) => edge.edge !== values.from);
    if (asked.length === 0)
      throw new Failure("no-edge", "edge", `${values.from} is the only edge: there is no other to warm`);
    const signal = terminal.untilStopped();
    const news = new News(terminal, values.json === true, asked.length * urls.length);
    const tallies = await Promise.all(
      asked.map(async (heard): Promise<Tally> => {
        if (heard.answer === undefined) {
          terminal.complain(`${heard.edge.edge}: ${heard.failure.message}`);
          return { edge: heard.edge.edge, hits: 0, stored: 0, notStored: 0, errors: urls.length };
        }
        const { edge, host, httpPort } = heard.answer;
        const warmed = new WarmedEdge(`${host.includes(":") ? `[${host}]` : host}:${httpPort}`, concurrency);
        const told: Parameters<typeof warm>[3]["told"] = (url, outcome) => {
          news.tell(outcome.kind === "error" ? `${edge}: ${url}: ${outcome.why}` : undefined);
        };
        const ask = warmed.ask.bind(warmed);
        return await warm(
          edge,
          urls,
          { concurrency, rate },
          { ask, told, clock: systemClock, signal },
        ).finally(() => warmed.close());
      }),
    ).finally(() => terminal.progress(undefined));
    terminal.write(
      values.json
        ? `${JSON.stringify({ urls: urls.length, edges: tallies })}\n`
        : table(terminal, LAYOUT, tallies.map(cells)),
    );
    const isWhole =
      asked.every(({ answer }) => answer !== undefined) && tallies.every(({ errors }) => errors === 0);
    return signal.aborted || !isWhole ? 1 : 0;
  },
};

/** Tells the user how far it is: a bar on a screen, else a line now and then. */
class News {
  readonly #terminal: Terminal;
  readonly #silent: boolean;
  readonly #all: number;
  #done = 0;
  #complaints = 0;

  constructor(terminal: Terminal, silent: boolean, all: number) {
    this.#terminal = terminal;
    this.#silent = silent;
    this.#all = all;
  }

  tell(problem: string | undefined): void {
    this.#done++;
    if (problem !== undefined && this.#complaints++ < MOST_COMPLAINTS) {
      this.#terminal.progress(undefined);
      this.#terminal.complain(problem);
      if (this.#complaints === MOST_COMPLAINTS) this.#terminal.complain("further errors are only counted");
    }
    this.#terminal.progress(progressBar(this.#done, this.#all, "requests"));
    if (this.#terminal.screen || this.#silent || this.#all < LINES) return;
    if (Math.floor((this.#done * LINES) / this.#all) > Math.floor(((this.#done - 1) * LINES) / this.#all))
      this.#terminal.write(`${this.#done} of ${this.#all} requests\n`);
  }
}

const LAYOUT = { head: ["edge", "hits", "stored", "not stored", "errors"], figures: [1, 2, 3, 4] };

function cells({ edge, hits, stored, notStored, errors }: Tally) {
  const failed = errors === 0 ? "0" : ({ text: String(errors), colour: "red" } as const);
  return [edge, String(hits), String(stored), String(notStored), failed];
}

async function urlsOf(
  positionals: readonly string[],
  sitemaps: readonly string[],
  file: string | undefined,
): Promise<string[]> {
  const list = file === undefined ? undefined : await readTargetList(file);
  const [prefix] = list?.prefixes ?? [];
  const [tag] = list?.tags ?? [];
  const other = prefix ?? tag;
  if (other !== undefined) throw badUsage(`--file: must have URLs and paths only, got ${show(other)}`);
  const urls = new Set([...positionals, ...(list?.urls ?? [])].map(checkedUrl));
  for (const sitemap of sitemaps) {
    for (const url of await sitemapUrls(sitemap))
      urls.add(checkedUrl(URL.canParse(url) ? new URL(url).href : url));
  }
  return [...urls];
}

function numberOf(
  option: string,
  type: ReturnType<typeof wholeNumber>,
  text: string | undefined,
  given: string | undefined,
): number {
  const number = type.parse(text ?? "");
  if (number !== undefined) return number;
  const unit = option === "--rate" ? ", followed by /s, such as 50/s" : "";
  throw badUsage(`${option}: must be ${type.rule}${unit}, got ${show(given)}`);
}

function badUsage(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
