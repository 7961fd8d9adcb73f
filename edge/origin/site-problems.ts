import type { Site } from "./sites.ts";

/** Conflicts between sites that are each valid alone. */
export function siteProblems(sites: readonly Site[]): string[] {
  const names = new Set<string>();
  const siteOf = new Map<string, string>();
  const problems: string[] = [];
  let everyHost: string | undefined;
  for (const { name, hosts, origins = {}, rules } of sites) {
    for (const { label, rule } of rules?.book.rules ?? [])
      if (rule.origin !== undefined && !Object.hasOwn(origins, rule.origin))
        problems.push(
          `sites: origin of the rule ${label} of "${name}" must be one of its origins, got "${rule.origin}"`,
        );
    if (names.has(name)) problems.push(`sites: each name must be used once, got "${name}" again`);
    names.add(name);
    if (hosts.length === 0) {
      if (everyHost !== undefined) {
        problems.push(`sites: at most one may be without hosts, got "${everyHost}" and "${name}"`);
      }
      everyHost = name;
    }
    for (const each of hosts) {
      const other = siteOf.get(each);
      if (other !== undefined) {
        problems.push(`sites: each host must belong to one site, got "${each}" in "${other}" and "${name}"`);
      }
      siteOf.set(each, name);
    }
  }
  return problems;
}
