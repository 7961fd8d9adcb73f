/** A file's text by its path from the root; undefined when there is no such file. */
export type ReadText = (path: string) => string | undefined;

/** The rules that a page of docs/ defines: the name, and the files that the row says keep it. */
function rulesDefinedIn(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = page.matchAll(/^\| ([EPR]\d+) \| .* \|(.*)\|$/gm);
  return new Map(
    [...rows].map(([, rule = "", files = ""]) => [
      rule,
      [...files.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = ""]) => path),
    ]),
  );
}

/** Rules that two rows define. */
function twiceDefinedIn(page: string): readonly string[] {
  const names = Array.from(page.matchAll(/^\| ([EPR]\d+) \|/gm), ([, rule = ""]) => rule);
  return names.filter((rule, at) => names.indexOf(rule) !== at);
}

/** The rules that a text cites: "rule E7", "Rules E2 and E7". */
function rulesCitedIn(text: string): readonly string[] {
  const citations = text.matchAll(/\brules? ([EPR]\d+(?:(?:, | and |, and )[EPR]\d+)*)/gi);
  return [...new Set([...citations].flatMap(([, names = ""]) => names.match(/[EPR]\d+/gi) ?? []))];
}

/** One sentence for each rule that is cited and not defined, and for each file that is named and does not keep it. */
export function ruleBreaches(
  page: string,
  texts: ReadonlyMap<string, string>,
  readText: ReadText,
): readonly string[] {
  const defined = rulesDefinedIn(page);
  const undefinedRules = [...texts].flatMap(([path, text]) =>
    rulesCitedIn(text)
      .filter((rule) => !defined.has(rule))
      .map((rule) => `${path} cites rule ${rule}, which docs/purge.md does not define`),
  );
  const unkept = [...defined].flatMap(([rule, files]) => {
    if (files.length === 0) return [`docs/purge.md: rule ${rule} must name the files that keep it`];
    return files.flatMap((path) => {
      const text = readText(path);
      if (text === undefined) return [`docs/purge.md: rule ${rule}: there is no file ${path}`];
      if (rulesCitedIn(text).includes(rule)) return [];
      return [`docs/purge.md: ${path} is said to keep rule ${rule}, and does not cite it`];
    });
  });
  const twice = twiceDefinedIn(page).map((rule) => `docs/purge.md defines rule ${rule} twice`);
  return [...twice, ...undefinedRules, ...unkept];
}
