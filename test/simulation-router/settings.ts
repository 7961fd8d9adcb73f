import { type Program, type Settings, setting } from "../../process/settings/program.ts";
import { text, wholeNumber } from "../../process/settings/values.ts";

// At fewer requests a single edge has so little to do that chance decides; at more than the largest number a run
// takes hours.
const FEWEST_REQUESTS = 1000;
const MOST_REQUESTS = 5_000_000;

/** What `npm run simulate:router` can be told. */
export const SIMULATE_ROUTER = {
  name: "simulate-router",
  usage: "npm run simulate:router --",
  summary: "Plays routers, edges and clients on a map of real cities, and compares ways to choose an edge.",
  settings: {
    seed: setting({
      type: wholeNumber(0, 999_999_999),
      default: 1,
      help: "Decides everything that is drawn: the same seed gives the same figures and plots.",
    }),
    routers: setting({
      type: wholeNumber(1, 2000),
      default: 100,
      help: "How many routers there are, near the clients; 1,000 take about ten times as long as 100.",
    }),
    requests: setting({
      type: wholeNumber(FEWEST_REQUESTS, MOST_REQUESTS),
      default: 60_000,
      help: "Requests a minute, about; the edges are as much faster as there are more of them.",
    }),
    plots: setting({
      type: text("the path of a directory"),
      default: "docs",
      help: "Where the plots are written: routing-latency.svg, routing-follows.svg, routing-herding.svg.",
    }),
  },
} as const satisfies Program<Settings>;
