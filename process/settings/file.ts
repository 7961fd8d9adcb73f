import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { describeError, Failure } from "../failure.ts";
import { show } from "./values.ts";

// A settings file of a hundred sites is some 10 KiB.
const MAX_FILE_CHARACTERS = 256 * 1024;
// One slip in YAML can make every line after it wrong.
const MAX_SYNTAX_PROBLEMS = 3;

// As many as fit on a screen.
const MAX_PROBLEMS = 20;

// Keys that reach an object's prototype in code that copies properties carelessly.
const PROTOTYPE_KEYS: ReadonlySet<unknown> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Parses a YAML settings file to plain objects; an empty file is an empty map. Throws a Failure, one line per
 * problem, for anything but one map without duplicate keys, prototype keys, tags and aliases: with aliases,
 * ten lines can stand for a billion values.
 */
export function parseSettingsFile(name: string, text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_FILE_CHARACTERS) {
    throw refused([`${name}: must be at most ${MAX_FILE_CHARACTERS} characters, got ${text.length}`]);
  }
  try {
    return parse(name, text);
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    // The parser recurses: nesting some thousands deep overflows the stack.
    throw refused([`${name}: must be YAML that can be parsed (${describeError(thrown)})`], thrown);
  }
}

function parse(name: string, text: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => `${name} line ${Math.max(1, lineCounter.linePos(offset).line)}`;
  // A warning is about a tag that this parser does not know. It must not guess its meaning.
  const syntax = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_PROBLEMS);
  if (syntax.length > 0)
    throw refused(
      syntax.map(
        (error) => `${at(error.pos[0])}: ${oneLine(error.message)}, at ${show(text.slice(...error.pos))}`,
      ),
    );

  const root = document.contents;
  if (root === null) return {};
  if (!isMap(root)) throw refused([`${name}: must be a map of settings, got ${show(document.toJS())}`]);
  const problems: string[] = [];
  visit(document, {
    Alias: (_, alias) => {
      problems.push(`${at(startOf(alias))}: aliases must not be used, got ${show(`*${alias.source}`)}`);
    },
    Pair: (_, { key }) => {
      const name = isScalar(key) ? key.value : key;
      if (PROTOTYPE_KEYS.has(name))
        problems.push(`${at(startOf(key))}: the key ${show(name)} must not be used`);
      else if (typeof name !== "string" && !isStatus(name))
        problems.push(`${at(startOf(key))}: a key must be text`);
    },
  });
  if (problems.length > 0) throw refused(problems.slice(0, MAX_PROBLEMS));
  // A map whose keys are all text.
  return document.toJS() as Record<string, unknown>;
}

/**
 * Where each value of a file stands: `:line:column` of a path of keys and indices, or of the nearest part of the path that
 * is there. For a file that parseSettingsFile has taken.
 */
export function placesIn(text: string): (path: readonly PropertyKey[]) => string {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  return (path) => {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = offsetAt(document.contents, path.slice(0, depth));
      if (offset === undefined) continue;
      const { line, col } = lineCounter.linePos(offset);
      return `:${line}:${col}`;
    }
    return "";
  };
}

/** Of a value in a list, or of the key of a value in a map. */
function offsetAt(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let offset: number | undefined;
  let node = root;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) return undefined;
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (node === undefined) return undefined;
      offset = startOf(node);
    } else return undefined;
  }
  return offset;
}

/** A map of statuses has numbers as keys, which become text. */
function isStatus(key: unknown): boolean {
  return typeof key === "number" && /^[1-5]\d\d$/.test(String(key));
}

/** Offset of a node in its text. */
function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").trim();
}

function refused(problems: readonly string[], cause?: unknown): Failure {
  return new Failure("bad-config", "config", problems.join("\n"), cause);
}
