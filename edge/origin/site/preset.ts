import { choice } from "../../../process/settings/values.ts";
import type { CookiePolicy, SiteRule } from "../../rules/site/site-rule.ts";
import { api } from "./presets/api.ts";
import { media } from "./presets/media.ts";
import { singlePageApp } from "./presets/single-page-app.ts";
import { staticSite } from "./presets/static-site.ts";
import { wordpress } from "./presets/wordpress.ts";

/** Rules for sites of one kind: docs/presets.md. */
const presets = {
  wordpress,
  "static-site": staticSite,
  "single-page-app": singlePageApp,
  api,
  media,
} satisfies Readonly<Record<string, readonly SiteRule[]>>;

export type Preset = keyof typeof presets;

export const presetNames: readonly Preset[] = ["wordpress", "static-site", "single-page-app", "api", "media"];

export const presetType = choice(...presetNames);

/** What the owner of a site has given. */
interface Given {
  readonly written: readonly SiteRule[];
  /** The setting of the site; undefined: none. */
  readonly cookies: CookiePolicy | undefined;
  readonly preset: Preset | undefined;
}

/** All rules of a site. The owner's own stand before those of the preset, so they win. */
export function rulesGiven({ written, cookies, preset }: Given): readonly SiteRule[] {
  const setting = cookies === undefined ? [] : [{ name: "cookies", match: {}, cookies }];
  // Every origin gets all cookies, unless something says otherwise.
  if (preset === undefined) return cookies === "keep" ? written : [...written, ...setting];
  return [...written, ...setting, ...presetRules(preset)];
}

/** The rules of a preset, each with a name that no rule of an owner can have. */
export function presetRules(preset: Preset): readonly SiteRule[] {
  return presets[preset].map((rule) => ({ ...rule, name: `preset:${preset}/${rule.name}` }));
}
