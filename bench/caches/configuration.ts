import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a configuration says as `@name@`. */
export type Values = Readonly<Record<string, string | number>>;

const CONFIGURATIONS = fileURLToPath(new URL("configurations/", import.meta.url));

/** The text with a value in the place of each `@name@`. */
export function filled(text: string, values: Values): string {
  return text.replace(/@([a-z-]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for @${name}@: ${Object.keys(values).join(", ")}`);
    return String(value);
  });
}

/** The path of one of the files in configurations/. */
export function configurationFile(...path: readonly string[]): string {
  return join(CONFIGURATIONS, ...path);
}

/** Writes the files that configurations/ has for a server into its folder. */
export function configure(server: string, folder: string, values: Values): void {
  for (const name of readdirSync(configurationFile(server))) {
    const text = readFileSync(configurationFile(server, name), "utf8");
    writeFileSync(join(folder, name), filled(text, values));
  }
}
