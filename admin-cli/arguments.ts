import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { Failure } from "../process/failure.ts";
import { suggest } from "../process/settings/suggest.ts";
import { show } from "../process/settings/values.ts";

// Commands take arguments and repeated options. Programs take settings from flags, the environment and a file. So the
// command line has its own rules here, not those of process/settings/flags.ts.

/** One option, with its line in --help. */
export interface Option extends ParseArgsOptionDescriptor {
  /** The placeholder of its value in --help. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** The options of every command that calls edges or routers by TLS. */
export const PROOF_OPTIONS = {
  "control-ca": {
    type: "string",
    value: "file",
    help: "certificate of the fleet's private CA; calls then go by TLS (EDGECACHE_CONTROL_CA)",
  },
  "control-cert": {
    type: "string",
    value: "file",
    help: "own certificate, by which edges know the caller (EDGECACHE_CONTROL_CERT)",
  },
  "control-key": { type: "string", value: "file", help: "its private key (EDGECACHE_CONTROL_KEY)" },
} as const satisfies Options;

/** The options of every command. */
export const COMMON_OPTIONS = {
  edge: {
    type: "string",
    multiple: true,
    value: "host:port",
    help: "gRPC address of any edge; several are tried in order, repeated or with commas (EDGECACHE_EDGE; 127.0.0.1:50051 to 50053)",
  },
  json: {
    type: "boolean",
    help: "print one JSON document on stdout, also on failure (its field error)",
  },
  ...PROOF_OPTIONS,
  help: { type: "boolean", short: "h", help: "print this help and exit" },
} as const satisfies Options;

/** Throws Failure("bad-usage"): one line that names the wrong option. */
export function parseOptions<const O extends Options>(command: string, options: O, argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (thrown) {
    throw badUsage(command, options, thrown);
  }
}

/**
 * The command's name and the arguments without it. The common options may come before it;
 * `undefined` when there is no command.
 */
export function splitCommand(argv: readonly string[]): { name: string | undefined; rest: string[] } {
  const { tokens } = parseArgs({
    args: [...argv],
    options: COMMON_OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const at = tokens.find((token) => token.kind === "positional")?.index;
  if (at === undefined) return { name: undefined, rest: [...argv] };
  return { name: argv[at], rest: argv.toSpliced(at, 1) };
}

/** The lines of --help about options, one each. */
export function optionsHelp(options: Options): string {
  const lines = Object.entries(options).map(([name, option]): [string, string] => [
    `  --${name}${option.value === undefined ? "" : ` <${option.value}>`}`,
    option.help,
  ]);
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, help]) => `${left.padEnd(width)}  ${help}\n`).join("");
}

function badUsage(command: string, options: Options, thrown: unknown): Failure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const named = /'(--?[^'\s=,]+)/.exec(message)?.[1] ?? "";
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const near = suggest(named.replace(/^-+/, ""), Object.keys(options));
    const hint = near === undefined ? "see --help" : `did you mean --${near}?`;
    return new Failure("bad-usage", "client", `${command}: unknown option ${show(named)}; ${hint}`, thrown);
  }
  const takesValue = options[named.replace(/^-+/, "")]?.type === "string";
  const rule = takesValue ? "option needs a value" : "option takes no value";
  return new Failure("bad-usage", "client", `${command}: ${rule}, got ${show(named)}`, thrown);
}

/** For a command without arguments. Throws Failure("bad-usage"). */
export function refusePositionals(command: string, positionals: readonly string[]): void {
  const [first] = positionals;
  if (first === undefined) return;
  throw new Failure("bad-usage", "client", `${command}: takes no arguments, got ${show(first)}`);
}
