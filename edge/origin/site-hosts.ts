import type { HostsOfProgram } from "../../http/acme/acme-settings.ts";
import type { Site } from "./sites.ts";

/** The hosts that sites name, and whether one of them answers every other host. */
export function hostsOfSites(sites: readonly Site[]): HostsOfProgram {
  return {
    sites: sites.flatMap(({ hosts }) => hosts),
    answersAny: sites.some(({ hosts }) => hosts.length === 0),
  };
}
