import type { CommandRow } from "./command.ts";

/** In the order of --help. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "purge",
    summary: "purge on every edge and wait for the receipts",
    load: async () => (await import("./commands/purge/purge.ts")).purgeCommand,
  },
  {
    name: "warm",
    summary:
      "ask every edge for URLs, or for what another one answers most, so that clients find them stored",
    load: async () => (await import("./commands/warm/warm.ts")).warmCommand,
  },
  {
    name: "purges",
    summary: "list the latest purges with time, caller and receipts",
    load: async () => (await import("./commands/purges.ts")).purgesCommand,
  },
  {
    name: "stats",
    summary: "show the counters of every edge",
    load: async () => (await import("./commands/stats.ts")).statsCommand,
  },
  {
    name: "tail",
    summary: "show requests of every edge as they are answered, and why they were no hits",
    load: async () => (await import("./commands/tail.ts")).tailCommand,
  },
  {
    name: "top",
    summary: "list what is asked for most, what is slowest, and what misses and why",
    load: async () => (await import("./commands/top.ts")).topCommand,
  },
  {
    name: "ping",
    summary: "measure the round-trip time to every edge",
    load: async () => (await import("./commands/ping.ts")).pingCommand,
  },
  {
    name: "edges",
    summary: "list the edges with their addresses and states; forget one that is gone",
    load: async () => (await import("./commands/edges.ts")).edgesCommand,
  },
  {
    name: "explain",
    summary: "show how one edge would answer a URL, and why",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  {
    name: "route",
    summary: "show which edge the router would choose for a request, and why",
    load: async () => (await import("./commands/route.ts")).routeCommand,
  },
  {
    name: "check",
    summary: "check a configuration file before a program is started or reloaded with it",
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  {
    name: "doctor",
    summary: "look for what is wrong, or soon will be, in the fleet",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    name: "reload",
    summary: "make every edge read its settings and certificates again",
    load: async () => (await import("./commands/reload.ts")).reloadCommand,
  },
  {
    name: "roll",
    summary: "restart the edges one after another by a command, each while all others serve",
    load: async () => (await import("./commands/roll.ts")).rollCommand,
  },
  {
    name: "sign",
    summary: "make a URL with a token, for paths that a site serves only to signed URLs",
    load: async () => (await import("./commands/sign.ts")).signCommand,
  },
  {
    name: "certs",
    summary: "make a private CA and certificates for the control plane",
    load: async () => (await import("./commands/certs.ts")).certsCommand,
  },
  {
    name: "completion",
    summary: "print what makes a shell complete commands and options",
    load: async () => (await import("./commands/completion.ts")).completionCommand,
  },
];
