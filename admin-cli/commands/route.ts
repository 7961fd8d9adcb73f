import { Failure } from "../../process/failure.ts";
import { show } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, PROOF_OPTIONS, parseOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { callerProof } from "../proof.ts";
import {
  askRoute,
  DEFAULT_ROUTER,
  type RouteCandidate,
  type RoutePage,
  type RouteQuestion,
  routerAddress,
} from "../router-client.ts";
import { stateCell, table } from "../table.ts";
import type { Painter } from "../terminal.ts";
import { checkedUrl } from "./purge/purge-target.ts";

/** The router to ask. */
export const ROUTER_OPTION = {
  type: "string",
  value: "host:port",
  help: "operator port of the router (EDGECACHE_ROUTER; 127.0.0.1:8090)",
} as const;

const OPTIONS = {
  router: ROUTER_OPTION,
  region: {
    type: "string",
    value: "region",
    help: "the client's region, as the router's --client-region field would carry it",
  },
  ...PROOF_OPTIONS,
  json: COMMON_OPTIONS.json,
  help: COMMON_OPTIONS.help,
} as const satisfies Options;

export const routeCommand: Command = {
  synopsis: "<url> [options]",
  options: OPTIONS,
  examples: [
    ["/hello.txt", "by the router of npm start"],
    ["https://shop.example/ --region eu", "for a client of a region"],
  ],
  notes: [
    "Asks the router, not an edge. Nothing is fetched and nothing changes. The router tries the edges in the order\nshown. expected: the time that orders them, from round trip, loss and load. share: the part of all requests\nthat go to the edge first. ready: how much of its share it gets during slow start.",
    "Exit codes: 0 an edge would get the request; 1 none would, or the router did not answer.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("route", OPTIONS, argv);
    const [given, second] = positionals;
    if (given === undefined || second !== undefined) {
      const got = second === undefined ? "nothing" : show(second);
      throw new Failure("bad-usage", "client", `route: takes one URL or path, got ${got}`);
    }
    const question = routeQuestion(checkedUrl(given), values.region);
    const address = routerAddress(values.router, env.EDGECACHE_ROUTER) ?? DEFAULT_ROUTER;
    const page = await askRoute(address, question, callerProof(values, env));
    terminal.write(values.json ? `${JSON.stringify(page)}\n` : report(terminal, page));
    return page.edge === null ? 1 : 0;
  },
};

/** RFC 9112 section 3.2.1: a router receives the authority of a URL in Host, and the rest as the request target. */
export function routeQuestion(url: string, region: string | undefined): RouteQuestion {
  if (url.startsWith("/")) return { url, host: "", region };
  const [, host = "", rest = ""] = /^https?:\/\/([^/?]+)(.*)$/i.exec(url) ?? [];
  return { url: rest.startsWith("/") ? rest : `/${rest}`, host, region };
}

function report(terminal: Painter, page: RoutePage): string {
  const summary = table(terminal, {}, [
    ["edge", page.edge === null ? { text: "none", colour: "red" } : { text: page.edge, colour: "bold" }],
    ["because", page.because],
    ["policy", page.policy],
    ...(page.region === null ? [] : [["region", page.region]]),
  ]);
  const rows = [
    ...page.candidates.map((each) => cells(each)),
    ...page.unreachable.map(({ edge, why }) => [edge, stateCell("unreachable", `unreachable: ${why}`)]),
  ];
  return rows.length === 0 ? summary : `${summary}\n${table(terminal, LAYOUT, rows)}`;
}

const LAYOUT = {
  head: ["edge", "state", "round trip", "± ms", "lost", "load", "expected", "share", "ready", "under way"],
  figures: [2, 3, 4, 5, 6, 7, 8, 9],
};

function cells(each: RouteCandidate) {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return [
    each.edge,
    stateCell(each.state, each.ejected ? `${each.state}, ejected` : each.state),
    `${each.rttMs.toFixed(2)} ms`,
    each.rttVariationMs.toFixed(2),
    percent(each.loss),
    `× ${each.loadFactor.toFixed(2)}`,
    `${each.expectedMs.toFixed(2)} ms`,
    percent(each.share),
    percent(each.readiness),
    String(each.underWay),
  ];
}
