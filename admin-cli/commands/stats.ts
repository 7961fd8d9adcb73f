import { systemClock } from "../../process/clock.ts";
import { statsRow } from "../../proto/json/stats-row.ts";
import { COMMON_OPTIONS, type Options, parseOptions, refusePositionals } from "../arguments.ts";
import type { Command } from "../command.ts";
import { askFleet, countersOf, fleetAccess } from "../fleet.ts";
import { LiveScreen } from "../live-screen.ts";
import { statsTable } from "../stats-report.ts";
import { watchFleet } from "../watch-fleet.ts";

// People can follow one report a second, and it costs an edge next to nothing.
const PERIOD_MS = 1000;

const OPTIONS = {
  watch: { type: "boolean", help: "refresh every second, until Ctrl-C" },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const statsCommand: Command = {
  synopsis: "[--watch] [options]",
  options: OPTIONS,
  examples: [
    ["", "once"],
    ["--watch", "a live screen, until Ctrl-C"],
  ],
  notes: [
    "Every edge is asked directly. An edge that does not answer within 2 s is unreachable: its counters are -\n(null with --json). Counters start at zero when an edge starts.\nrequests = hits + misses + stale + revalidated + bypass + errors.",
    "--watch shows at a terminal what happens each second, with the last two minutes as bars; piped, it prints the\ntable every second. With --json it prints one document per line, every second.",
    "Exit codes: 0 an edge answered, or Ctrl-C ended the watch; 1 no edge answered.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("stats", OPTIONS, argv);
    refusePositionals("stats", positionals);
    const access = fleetAccess(values, env);
    if (!values.watch) {
      const rows = (await askFleet(access, countersOf, (problem) => terminal.complain(problem))).map(
        statsRow,
      );
      terminal.write(values.json ? `${JSON.stringify({ edges: rows })}\n` : statsTable(terminal, rows));
      return 0;
    }
    const live = new LiveScreen();
    for await (const fleet of watchFleet(access, PERIOD_MS, systemClock, terminal.untilStopped())) {
      const rows = fleet.map(statsRow);
      if (values.json) terminal.write(`${JSON.stringify({ edges: rows })}\n`);
      else if (!terminal.screen) terminal.write(statsTable(terminal, rows));
      else {
        live.take(rows);
        // Line by line, so that nothing flickers.
        const lines = live.lines(terminal, terminal.size).map((line) => `${line}${CLEAR_REST_OF_LINE}\n`);
        terminal.write(`${HOME}${lines.join("")}${CLEAR_BELOW}`);
      }
    }
    return 0;
  },
};

// ECMA-48: the cursor to the upper left corner; erase to the end of the line, and to the end of the screen.
const HOME = "\u001b[H";
const CLEAR_REST_OF_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
