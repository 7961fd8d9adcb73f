import { edgeConfig } from "../edge/config.ts";
import { LiveSites } from "../edge/origin/live-sites.ts";
import { keyFindings } from "../edge/origin/site/signing-keys.ts";
import { Sites, siteRulesByName } from "../edge/origin/sites.ts";
import { configDigest } from "../edge/reload.ts";
import { pairsFindings } from "../http/tls/pairs-findings.ts";
import type { TlsValues } from "../http/tls/tls-settings.ts";
import { systemClock } from "../process/clock.ts";
import type { ControlFiles } from "../process/control/control-files.ts";
import { ControlIdentity } from "../process/control/control-identity.ts";
import { describeError, Failure } from "../process/failure.ts";
import type { Finding } from "../process/finding.ts";
import { createLog } from "../process/log.ts";
import type { SettingsInput } from "../process/settings/program.ts";
import { routerConfig } from "../router/config.ts";
import { startConfig } from "./config.ts";

/** What is wrong with the settings of a program, and what is unwise. One line each. */
export interface CheckedSettings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** As `admin-cli edges` shows it of an edge that runs with them; null for another program, and while they are wrong. */
  readonly settings: string | null;
}

type Check = (input: SettingsInput, tell: (finding: Finding) => void) => Promise<string | null>;

const CHECKS: Readonly<Record<string, Check>> = {
  edge: async (input, tell) => {
    const config = edgeConfig(input);
    const context = { via: config.id, clock: systemClock, random: Math.random, log: SILENT };
    const sites = await LiveSites.open(config.sites, config.ttl, context);
    await sites.close();
    for (const finding of keyFindings(siteRulesByName(config.sites))) tell(finding);
    checkFiles(config, new Sites(config.sites).hosts, tell);
    return configDigest(config);
  },
  router: async (input, tell) => {
    checkFiles(routerConfig(input), [], tell);
    return null;
  },
  start: async (input) => {
    startConfig(input);
    return null;
  },
};

const SILENT = createLog("check", "silent");

/** `program`: edge, router or start. Never rejects for settings that are wrong. */
export async function checkSettings(program: string, input: SettingsInput): Promise<CheckedSettings> {
  const [problems, warnings]: [string[], string[]] = [[], []];
  const tell = ({ severity, about, text }: Finding) =>
    void (severity === "problem" ? problems : warnings).push(`${about}: ${text}`);
  const check = CHECKS[program];
  if (check === undefined) throw new Error(`${program}: no such program`);
  try {
    const settings = await check({ ...input, warn: (line) => warnings.push(line) }, tell);
    return { problems, warnings, settings: problems.length === 0 ? settings : null };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { problems: describeError(thrown).split("\n"), warnings, settings: null };
  }
}

/** The files of certificates, as the program would find them. Throws a Failure for those of the control plane. */
function checkFiles(
  values: TlsValues & { readonly control: ControlFiles | undefined },
  hosts: readonly string[],
  tell: (finding: Finding) => void,
): void {
  const { control } = values;
  const own = control === undefined ? [] : new ControlIdentity(control, systemClock, SILENT).findings;
  for (const finding of [...pairsFindings(values, hosts, systemClock.wall()), ...own]) tell(finding);
}
