import { edgeConfig } from "../../edge/config.ts";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";

/** The rules of a site whose file has this YAML, beside what `rules` says. */
export function writtenRules(yaml: string, rules: Partial<SiteRules> = {}): SiteRules {
  const argv = ["--origin", ".", "--config", "edge.yaml"];
  const [site] = edgeConfig({ argv, env: {}, readFile: () => yaml }).sites;
  return { ...(site?.rules ?? SAFE_RULES), ...rules };
}

/** What is wrong with a file. */
export function problemsOf(yaml: string): readonly string[] {
  try {
    writtenRules(yaml);
    return [];
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message.split("\n") : [String(thrown)];
  }
}
