import { isIP } from "node:net";
import { join } from "node:path";
import { Failure } from "../../process/failure.ts";
import { isHost, show, wholeNumber } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import { AuthorityFolder } from "../authority-folder.ts";
import type { Command } from "../command.ts";

// Long enough to renew by hand four times a year, short enough that a stolen key is of no use next year.
const DEFAULT_DAYS = "100";
const days = wholeNumber(1, 3650);

const OPTIONS = {
  dir: { type: "string", value: "folder", help: "where the files are; made if it is not there (certs)" },
  days: {
    type: "string",
    value: "number",
    help: `for how many days the certificates are valid (${DEFAULT_DAYS}); never longer than the CA`,
  },
  json: COMMON_OPTIONS.json,
  help: COMMON_OPTIONS.help,
} as const satisfies Options;

/** One certificate to make. */
interface Asked {
  /** Of its files, and its first name. */
  readonly name: string;
  /** Where others reach it; none: nobody calls it. */
  readonly hosts: readonly string[];
}

export const certsCommand: Command = {
  synopsis: "<name>[=<host>,…] … [options]",
  options: OPTIONS,
  examples: [["edge-1=edge-1.internal,10.0.0.1 operator", "one for an edge, one for a person"]],
  notes: [
    "A name alone is a caller, such as a person or a script. A program that others call needs the hosts and addresses\nat which they reach it: edge-1=edge-1.internal,10.0.0.1. Each gets <name>.cert.pem and <name>.key.pem in the folder,\nsigned by the CA in ca.cert.pem and ca.key.pem, which is made once. A second run with the same name renews it.",
    "Give each machine ca.cert.pem and its own two files. Keep ca.key.pem away from all of them: whoever has it can be\nanybody.",
    "Exit codes: 0 made, 1 a file could not be written, 2 wrong usage.",
  ],
  async run({ argv, terminal }) {
    const { values, positionals } = parseOptions("certs", OPTIONS, argv);
    const asked = askedFor(positionals);
    const valid = days.parse(values.days ?? DEFAULT_DAYS);
    if (valid === undefined) throw usage(`--days: must be ${days.rule}, got ${show(values.days)}`);
    const folder = await AuthorityFolder.open(values.dir ?? "certs", Date.now());
    const made: { readonly name: string; readonly hosts: readonly string[]; readonly validTo: string }[] = [];
    for (const { name, hosts } of asked) {
      const validTo = await folder.make(name, hosts, valid);
      made.push({ name, hosts, validTo: validTo.toISOString() });
    }
    if (values.json) {
      terminal.write(`${JSON.stringify({ ca: join(folder.path, "ca.cert.pem"), made })}\n`);
      return 0;
    }
    terminal.write(folder.isNew ? `CA made: ${join(folder.path, "ca.cert.pem")}\n` : "");
    for (const { name, validTo } of made) {
      terminal.write(`${join(folder.path, `${name}.cert.pem`)}, valid until ${validTo.slice(0, 10)}\n`);
    }
    terminal.write(
      `\nFor the configuration file of each edge, each with the rights that it needs:\n${table(asked)}`,
    );
    return 0;
  },
};

// RFC 1123 section 2.1, in lower case: a name is a DNS name in the certificate, and part of a file's name.
const NAME = /^(?=.{1,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

function askedFor(words: readonly string[]): readonly Asked[] {
  if (words.length === 0) throw usage("certs: takes at least one name, got nothing");
  const asked = words.map((word): Asked => {
    const [name = "", list] = word.split(/=(.*)/s);
    if (!NAME.test(name) || name === "ca") {
      const rule = "1 to 63 lower-case letters, digits, dots and hyphens, and not ca";
      throw usage(`certs: a name must be ${rule}, got ${show(name)}`);
    }
    const hosts = list === undefined ? [] : list.split(",").map((host) => host.trim().toLowerCase());
    const wrong = hosts.find((host) => !isHost(host));
    if (wrong !== undefined)
      throw usage(`certs: ${name}=: must be host names and addresses, got ${show(wrong)}`);
    return { name, hosts: [...new Set(hosts)] };
  });
  const twice = asked.find(({ name }, at) => asked.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) throw usage(`certs: each name must be given once, got ${show(twice.name)} twice`);
  return asked;
}

/** The section `callers`. A program that others call is a router or an edge, and reads at most. */
function table(asked: readonly Asked[]): string {
  const rows = asked.map(({ name, hosts }) => {
    const may = hosts.length > 0 ? "[]" : "[read, purge]";
    return `  - name: ${isIP(name) === 0 ? name : JSON.stringify(name)}\n    may: ${may}\n`;
  });
  return `callers:\n${rows.join("")}`;
}

function usage(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
