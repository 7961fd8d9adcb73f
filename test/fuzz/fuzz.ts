import { acmeTargets } from "./acme-targets.ts";
import { controlTargets } from "./control-targets.ts";
import { httpTargets } from "./http-targets.ts";
import { http2Targets } from "./http2-targets.ts";
import { rulesTargets } from "./rules-targets.ts";
import { settingsTargets } from "./settings-targets.ts";
import { signedUrlTargets } from "./signed-url-targets.ts";
import type { FuzzTarget } from "./target.ts";

/** Every reader of what comes from outside: clients, origins, callers, the purge log, operators. */
export const fuzzTargets: readonly FuzzTarget[] = [
  ...httpTargets,
  ...http2Targets,
  ...rulesTargets,
  ...controlTargets,
  ...settingsTargets,
  ...acmeTargets,
  ...signedUrlTargets,
];
