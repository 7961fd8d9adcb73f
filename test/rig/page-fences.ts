/** A fenced block of a page of Markdown. */
export interface Fence {
  readonly page: string;
  /** Of its first line of text. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** A command of a page, on one line, with what the page says that it prints. */
export interface Command {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** Lines of its output; "…" in them stands for anything. */
  readonly prints: readonly string[];
}

export function fencesOf(page: string, text: string): readonly Fence[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

/** The commands of a block of `sh`, or those behind "$ " in a block of `console`. */
export function commandsOf({ page, line, language, text }: Fence): readonly Command[] {
  const commands: { page: string; line: number; text: string; prints: string[] }[] = [];
  // A line that ends with a backslash goes on in the next one.
  const joined = text.replace(/ *\\\n */g, (gap) => ` ${"\0".repeat(gap.split("\n").length - 1)}`);
  let at = line;
  for (const raw of joined.trimEnd().split("\n")) {
    const shown = raw.replaceAll("\0", "");
    const typed = language === "console" ? /^\$ (.*)$/.exec(shown)?.[1] : shown;
    if (typed === undefined) commands.at(-1)?.prints.push(shown);
    else {
      const command = typed.replace(/(^|\s+)# .*$/, "").trim();
      if (command !== "") commands.push({ page, line: at, text: command, prints: [] });
    }
    at += 1 + raw.split("\0").length - 1;
  }
  return commands;
}

/** The words of a command without variables and substitutions. */
export function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}

/** A line of output in which "…" stands for anything. */
export function patternOf(shown: string): RegExp {
  const parts = shown.split("…").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "m");
}
