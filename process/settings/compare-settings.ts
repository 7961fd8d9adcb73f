import { createHash } from "node:crypto";
import { isSection, kebab, type Settings } from "./program.ts";

type SettingValues = Readonly<Record<string, unknown>>;

/** The settings whose values differ, as they stand in flags and files. */
export function differingSettings(
  settings: Settings,
  before: SettingValues,
  after: SettingValues,
): readonly string[] {
  return Object.keys(settings)
    .filter((key) => textOf(settings, key, before) !== textOf(settings, key, after))
    .map(kebab);
}

/** Equal digests: these settings have equal values. */
export function settingsDigest(
  settings: Settings,
  values: SettingValues,
  without: ReadonlySet<string>,
): string {
  const keys = Object.keys(settings).filter((key) => !without.has(key));
  const text = JSON.stringify(keys.map((key) => [key, textOf(settings, key, values)]));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function textOf(settings: Settings, key: string, values: SettingValues): string {
  const [entry, value] = [settings[key], values[key]];
  if (entry === undefined || value === undefined) return "";
  return isSection(entry) ? JSON.stringify(value) : entry.type.format(value);
}
