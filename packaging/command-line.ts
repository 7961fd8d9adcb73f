import { kebab } from "../process/settings/program.ts";
import type { SettingValue } from "./library-settings.ts";

/** The flags that say the same as `settings`: `{ grpcPort: 0, tls: true }` is `--grpc-port=0 --tls`. */
export function commandLine(settings: Readonly<Record<string, SettingValue>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const name = `--${kebab(key)}`;
    if (value === undefined || value === false) return [];
    if (value === true) return [name];
    return [`${name}=${Array.isArray(value) ? value.join(",") : value}`];
  });
}
