#!/usr/bin/env node
// The command `admin-cli`.
import module from "node:module";
import { launch } from "../process/launch.mjs";

// The first version that runs TypeScript sources without a flag, and still has long-term support.
const OLDEST = [22, 19];

// Compiling takes half of the time to start. An old Node has no cache of compiled code.
if (module.enableCompileCache !== undefined) module.enableCompileCache();
launch({
  name: "admin-cli",
  file: new URL("./main.ts", import.meta.url),
  args: process.argv.slice(2),
  oldest: OLDEST,
  use: ({ run }) => run(process),
});
