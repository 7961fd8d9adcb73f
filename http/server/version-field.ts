import manifest from "../../package.json" with { type: "json" };
import { setting } from "../../process/settings/program.ts";
import { flag } from "../../process/settings/values.ts";

/** The settings that every program for clients has, about what it tells of itself. */
export const versionSettings = {
  tellVersion: setting({
    type: flag,
    default: false,
    help: "Answers tell which program gives them and its version in EdgeCache-Version, such as edge-1/0.1.0. Behind a router both are told, the router first.",
  }),
} as const;

/** The values of the settings above. */
export interface VersionValues {
  readonly tellVersion: boolean;
}

/**
 * The line for each answer; empty where nothing is told. Its members are as in Server (RFC 9110 section 10.2.4), which
 * stays the origin's.
 */
export function versionLine(name: string, { tellVersion }: VersionValues): string {
  return tellVersion ? `EdgeCache-Version: ${name}/${manifest.version}\r\n` : "";
}
