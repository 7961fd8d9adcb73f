import { createReadStream } from "node:fs";
import { describeError, Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import { checkedPrefix, checkedTag, checkedUrl } from "./purge-target.ts";

/** The targets of a list by kind, each kind in the order of the list. */
export interface TargetList {
  readonly urls: string[];
  readonly prefixes: string[];
  readonly tags: string[];
}

// Room for a million URLs of usual length. For more, a prefix or a tag is better.
const MOST_CHARACTERS = 128 * 1024 * 1024;

/** Reads the file at `path`, or standard input for "-". Throws Failure("bad-usage"). */
export async function readTargetList(path: string): Promise<TargetList> {
  const from = path === "-" ? "standard input" : path;
  // File descriptor 0 is standard input (POSIX): a pipe, a file or a terminal.
  const stream = path === "-" ? createReadStream("", { fd: 0, autoClose: false }) : createReadStream(path);
  const chunks: string[] = [];
  let characters = 0;
  try {
    stream.setEncoding("utf8");
    for await (const chunk of stream) {
      characters += String(chunk).length;
      if (characters > MOST_CHARACTERS) break;
      chunks.push(String(chunk));
    }
  } catch (thrown) {
    const rule = `must be a file that can be read (${describeError(thrown)})`;
    throw new Failure("bad-usage", "client", `--file: ${rule}, got ${show(path)}`);
  }
  if (characters > MOST_CHARACTERS) {
    const rule = `must have at most ${MOST_CHARACTERS} characters`;
    throw new Failure("bad-usage", "client", `--file: ${rule}, and ${show(from)} has more`);
  }
  return parseTargetList(chunks.join(""), from);
}

/**
 * One target per line: a URL or a path, or the word `prefix` or `tag`, a blank and a value. A URL has no blank, so
 * the two cannot be confused. Empty lines and lines that begin with # are skipped. Throws Failure("bad-usage").
 */
export function parseTargetList(text: string, from: string): TargetList {
  const list: TargetList = { urls: [], prefixes: [], tags: [] };
  // A byte order mark is not part of the first target.
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const target = line.trim();
    if (target === "" || target.startsWith("#")) continue;
    try {
      addTarget(list, target);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      throw new Failure("bad-usage", "client", `${from} line ${index + 1}: ${thrown.message}`, thrown);
    }
  }
  return list;
}

/** Throws Failure("bad-usage"). */
function addTarget(list: TargetList, target: string): void {
  const [, word, value = ""] = /^(prefix|tag)\s+(.+)$/.exec(target) ?? [];
  if (word === "prefix") list.prefixes.push(checkedPrefix(value));
  else if (word === "tag") list.tags.push(checkedTag(value));
  else if (!/\s/.test(target)) list.urls.push(checkedUrl(target));
  else {
    const rule = 'must be a URL, a path, "prefix <path>" or "tag <tag>"';
    throw new Failure("bad-usage", "client", `${rule}, got ${show(target)}`);
  }
}
