import { posix } from "node:path";
import { folderOf, type Import, importsIn, isTest, type SourceTree } from "./source-tree.ts";

// Which top folders a folder may import from besides itself. Imports run one way; the programs never meet.
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  process: [],
  http: ["process"],
  "purge-log": ["process"],
  edge: ["http", "process", "proto", "purge-log"],
  router: ["http", "process", "proto", "purge-log"],
  "admin-cli": ["process", "proto", "purge-log"],
  learn: ["edge", "http", "process", "purge-log", "router"],
  start: ["edge", "http", "process", "proto", "purge-log", "router"],
  packaging: ["admin-cli", "edge", "http", "learn", "process", "proto", "purge-log", "router", "start"],
};

// The rooms of the folders that have some, and which other rooms of the same folder each may use. "" stands for the
// files of the folder itself: they may use every room, and a room uses them only where its list says so.
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  edge: {
    rules: [],
    store: ["rules"],
    origin: ["rules"],
    cache: ["origin", "rules", "store"],
    "data-plane": ["cache", "origin", "rules", "store"],
    purging: ["cache", "rules", "store"],
    "control-plane": ["cache", "origin", "purging", "rules", "store"],
  },
  http: {
    message: [],
    client: ["message"],
    server: ["message"],
    tls: [],
    "access-log": ["server"],
    tracing: ["access-log", "message", "server"],
    h2: ["client", "message", "server"],
    acme: ["tls"],
  },
  // The folder itself defines a purge log. The Redis Stream is one implementation.
  "purge-log": { redis: [""] },
  process: { settings: [""], control: ["", "settings"], tracing: ["", "settings"] },
  "admin-cli": { commands: [""] },
  router: {
    measure: [],
    choose: ["measure"],
    fleet: ["choose", "measure"],
    forward: ["choose", "fleet", "measure"],
    dashboard: ["choose", "fleet", "measure"],
  },
};

// Rules without I/O: they take time, randomness and configuration as arguments.
const PURE = [
  /^http\/message\//,
  /^edge\/rules\//,
  /^router\/choose\//,
  /^router\/measure\/(round-trip|queueing|ping-loss)\.ts$/,
];

// Rules that are about what another folder measures, and that say what is wrong with a setting.
const RULES_USE: Readonly<Record<string, readonly string[]>> = {
  "router/choose": ["router/measure", "process/settings"],
};

/** Each function returns one sentence per breach: the file first, then the rule. */
export function layerBreaches(tree: SourceTree): string[] {
  return importsIn(tree).flatMap((each) => {
    const { from, to, kind } = each;
    const [folder, target] = [folderOf(from), folderOf(to)];
    if (kind === "package" || folder === "test" || folder === "bench" || folder === target) return [];
    // Simulated time and random numbers of a seed are for lessons and tests.
    if ((target === "test" || target === "learn") && isTest(from)) return [];
    // Files of the root are nobody's: package.json for the version.
    if (target === to) return [];
    const allowed = MAY_IMPORT[folder] ?? [];
    if (allowed.includes(target)) return [];
    return [`${from} imports ${to}: ${folder}/ may import only ${list([folder, ...allowed])}`];
  });
}

export function roomBreaches(tree: SourceTree): string[] {
  return importsIn(tree).flatMap(({ from, to }) => {
    const rooms = ROOMS[folderOf(from)];
    if (rooms === undefined || folderOf(to) !== folderOf(from) || isTest(from)) return [];
    const [room, target] = [roomOf(from), roomOf(to)];
    if (room === "" || room === target) return [];
    const allowed = rooms[room];
    if (allowed === undefined) return [`${from}: ${room}/ is no room of ${folderOf(from)}/`];
    if (allowed.includes(target)) return [];
    const places = [room, ...allowed].map((name) => posix.join(folderOf(from), name));
    return [`${from} imports ${to}: of ${folderOf(from)}/, ${room}/ may import only ${list(places)}`];
  });
}

/** The folder below the top folder in which a file stands; "" for a file of the top folder itself. */
function roomOf(path: string): string {
  const [, room = "", ...rest] = path.split("/");
  return rest.length === 0 ? "" : room;
}

// A newcomer must be able to read the top level at one glance.
const MOST_TOP_FILES = 6;
const MOST_ROOMS = 7;

/** The edge shows a newcomer few files and few rooms. */
export function entranceBreaches(tree: SourceTree): string[] {
  const edge = [...tree.keys()].filter((path) => folderOf(path) === "edge" && !isTest(path));
  const files = edge.filter((path) => roomOf(path) === "");
  const rooms = new Set(edge.map(roomOf).filter((room) => room !== ""));
  return [
    ...(files.length > MOST_TOP_FILES
      ? [`edge/ shows ${files.length} files: at most ${MOST_TOP_FILES}; the rest belongs into a room`]
      : []),
    ...(rooms.size > MOST_ROOMS ? [`edge/ shows ${rooms.size} rooms: at most ${MOST_ROOMS}`] : []),
  ];
}

export function purityBreaches(tree: SourceTree): string[] {
  const isPure = (path: string) => !isTest(path) && PURE.some((shape) => shape.test(path));
  const impureImports = importsIn(tree)
    .filter(
      ({ from, to, kind }) =>
        isPure(from) &&
        (kind === "package" ? to.startsWith("node:") : !isBelow(from, to) && !isForRules(from, to)),
    )
    .map(
      ({ from, to }) =>
        `${from} imports ${to}: rules do no I/O and import only their own folder and http/message/`,
    );
  const clockReads = [...tree]
    .filter(
      ([path, text]) => isPure(path) && /\b(Date\.now|performance\.now|Math\.random|new Date\(\))/.test(text),
    )
    .map(([path]) => `${path} reads a clock or makes randomness: rules take both as arguments`);
  return [...impureImports, ...clockReads];
}

function isForRules(from: string, to: string): boolean {
  return (
    posix.dirname(to) === "http/message" || (RULES_USE[posix.dirname(from)] ?? []).includes(posix.dirname(to))
  );
}

function isBelow(from: string, to: string): boolean {
  return to.startsWith(`${posix.dirname(from)}/`);
}

// What a page needs of Node. It is bundled when a package is made, and an installation has the bundle.
const BUNDLED = "learn/browser/";

/** `dependencies` are the packages that an installation for production has. */
export function packageBreaches(tree: SourceTree, dependencies: readonly string[]): string[] {
  return importsIn(tree)
    .filter(({ from, to, kind }) => kind === "package" && !to.startsWith("node:") && !isTest(from))
    .filter(({ from }) => !from.startsWith(BUNDLED))
    .filter(({ to }) => !dependencies.includes(/^(@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? ""))
    .map(
      ({ from, to }) =>
        `${from} imports ${to}: programs import only node: and "dependencies" of package.json`,
    );
}

/** Import cycles, each once, as the path that closes it. */
export function cycles(tree: SourceTree): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, kind } of importsIn(tree)) {
    if (kind === "file") next.set(from, [...(next.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of tree.keys()) visit(path, []);
  return found.map((cycle) => `${cycle}: imports must run one way`);
}

// Past this length a file holds more than one idea.
const MAX_LINES = 300;

export function sizeBreaches(tree: SourceTree): string[] {
  return [...tree]
    .filter(([path]) => !/\.(test|contract)\.ts$/.test(path) && !path.startsWith("proto/gen/"))
    .map(([path, text]) => ({ path, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines: at most ${MAX_LINES}`);
}

const EMPTY_NAMES = /(^|\/)(utils?|common|helpers?|misc|shared|types|index)(\/|\.)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|fixture))?\.(ts|mjs)$/;

export function nameBreaches(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((path) => !path.startsWith("proto/gen/"))
    .flatMap((path) => {
      if (EMPTY_NAMES.test(path)) return [`${path}: a file is named after the one thing it holds`];
      if (!KEBAB_CASE.test(posix.basename(path))) return [`${path}: file names are in kebab-case`];
      return [];
    });
}

export function orphanTests(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith("test/"))
    .filter((path) => !["ts", "mjs"].some((end) => tree.has(path.replace(/\.test\.ts$/, `.${end}`))))
    .map((path) => `${path}: a test stands beside the file that it tests; stories belong in test/scenarios`);
}

/** Files that no other source file imports and no text in `entryTexts` (package.json) names. */
export function unusedFiles(tree: SourceTree, entryTexts: string): string[] {
  const imports = importsIn(tree);
  const usedBy = (path: string, keep: (each: Import) => boolean) =>
    imports.some((each) => each.to === path && each.from !== path && keep(each));
  return [...tree.keys()]
    .filter((path) => !path.endsWith(".test.ts") && folderOf(path) !== "bench" && !entryTexts.includes(path))
    .filter((path) => !usedBy(path, ({ from }) => isTest(path) || !isTest(from)))
    .map((path) => `${path}: no program uses it, so it must go`);
}

function list(folders: readonly string[]): string {
  return folders.map((name) => `${name}/`).join(", ");
}
