import { isSection, kebab, type Program, type Settings } from "../process/settings/program.ts";

/** The types of packaging/library-settings.ts as the package has them: each setting with its help, and no imports. */
export function writtenSettings(interfaces: ReadonlyMap<string, Program<Settings>>): string {
  return [
    "/** A setting as the flag of its name takes it; `true` for a flag without value. undefined: it is not given. */\n" +
      "export type SettingValue = string | number | boolean | readonly string[] | undefined;",
    ...[...interfaces].map(([name, { settings }]) => writtenInterface(name, settings)),
  ].join("\n\n");
}

function writtenInterface(name: string, settings: Settings): string {
  const members = Object.entries(settings).flatMap(([key, entry]) => {
    if (isSection(entry)) return [];
    const fallback = entry.default === undefined ? "" : ` Default: \`${entry.type.format(entry.default)}\`.`;
    const help = `${entry.help} Is ${entry.type.rule}.${fallback}`;
    return [
      `  /** \`--${kebab(key)}\`: ${help.replaceAll("*/", "*\\/")} */\n  readonly ${key}?: SettingValue;`,
    ];
  });
  const config =
    "  /** `--config`: the path of a YAML file. Other settings override it. */\n  readonly config?: SettingValue;";
  return `export interface ${name} {\n${[...members, config].join("\n")}\n}\n`;
}
