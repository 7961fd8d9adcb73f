#!/usr/bin/env node
// The command `edgecache`: the programs, and every command of admin-cli.
import module from "node:module";
import { launch, nodeOfEngines } from "../process/launch.mjs";

const PROGRAMS = new Map([
  [
    "start",
    {
      file: new URL("../start/main.ts", import.meta.url),
      summary: "three edges and a router on this machine",
    },
  ],
  ["edge", { file: new URL("../edge/main.ts", import.meta.url), summary: "one edge" }],
  ["router", { file: new URL("../router/main.ts", import.meta.url), summary: "one router" }],
  [
    "demo",
    {
      file: new URL("../start/demo.ts", import.meta.url),
      summary: "play the story of a purge, and check it",
    },
  ],
]);
// Commands run on an older Node than programs do: they open no port.
const OLDEST_FOR_COMMANDS = [22, 19];

const words = process.argv.slice(2);
const [word, ...args] = words[0] === "help" && PROGRAMS.has(words[1]) ? [words[1], "--help"] : words;
const program = PROGRAMS.get(word);
if (program !== undefined) {
  launch({ name: "edgecache", file: program.file, args, oldest: nodeOfEngines(), use: () => undefined });
} else {
  // Compiling takes half of the time to start. An old Node has no cache of compiled code.
  if (module.enableCompileCache !== undefined) module.enableCompileCache();
  const programs = [...PROGRAMS].map(([name, { summary }]) => ({ name, summary }));
  launch({
    name: "edgecache",
    file: new URL("../admin-cli/main.ts", import.meta.url),
    args: words,
    oldest: OLDEST_FOR_COMMANDS,
    use: ({ run }) => run(process, { name: "edgecache", programs }),
  });
}
