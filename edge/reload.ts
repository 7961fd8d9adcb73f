import { differingSettings, settingsDigest } from "../process/settings/compare-settings.ts";
import { kebab } from "../process/settings/program.ts";
import { type EdgeConfig, edgeProgram } from "./config.ts";
import { originProtocolSettings } from "./origin/origin-protocol.ts";
import { originTlsSettings } from "./origin/origin-tls.ts";
import { siteRuleSettings } from "./origin/site-settings.ts";

/** What a reload has done. */
export interface Reloaded {
  /** The digest of the settings in force now. */
  readonly config: string;
  /** Settings that were changed and cannot be while the edge runs, as they stand in flags. Those of before go on. */
  readonly needsRestart: readonly string[];
}

/** What a site consists of, whether flags or the file tell it, and who may call. */
const RELOADABLE: ReadonlySet<string> = new Set([
  "origin",
  "originHost",
  ...Object.keys(originTlsSettings),
  ...Object.keys(originProtocolSettings),
  ...Object.keys(siteRuleSettings),
  "ttl",
  "sites",
  "callers",
]);
const ACCESS_LOG = "accessLog";
const LATENCY = "simulateLatency";

/** What each edge of a fleet has for itself. */
const OWN: ReadonlySet<string> = new Set([
  "id",
  "host",
  "advertise",
  "port",
  "grpcPort",
  "adminPort",
  "adminHost",
  "tlsPort",
  "publicUrl",
]);

/** Edges with equal digests have equal settings, apart from their names, addresses and ports. */
export function configDigest(config: EdgeConfig): string {
  return settingsDigest(edgeProgram.settings, config, OWN);
}

/** The settings that are in force after a reload, when `read` are those of now. */
export function afterReload(
  inForce: EdgeConfig,
  read: EdgeConfig,
): { readonly config: EdgeConfig; readonly needsRestart: readonly string[] } {
  const names = [
    ...RELOADABLE,
    ...(takesAccessLog(inForce, read) ? [ACCESS_LOG] : []),
    ...(takesLatency(inForce, read) ? [LATENCY] : []),
  ];
  const reloadable = new Set(names.map(kebab));
  const differing = differingSettings(edgeProgram.settings, inForce, read);
  const taken = Object.fromEntries(Object.entries(read).filter(([key]) => names.includes(key)));
  return {
    config: { ...inForce, ...taken },
    needsRestart: differing.filter((name) => !reloadable.has(name)),
  };
}

/** An edge that delays nothing answers hits before it could. */
function takesLatency({ simulateLatency: from }: EdgeConfig, { simulateLatency: to }: EdgeConfig): boolean {
  return from > 0 && to > 0;
}

/** From one file to another. */
function takesAccessLog({ accessLog: from }: EdgeConfig, { accessLog: to }: EdgeConfig): boolean {
  return from.kind === "file" && to.kind === "file";
}
