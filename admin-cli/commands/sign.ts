import { Failure } from "../../process/failure.ts";
import { isReadableByAll } from "../../process/settings/small-file.ts";
import { duration, show } from "../../process/settings/values.ts";
import { signingKeysIn } from "../../process/signing-key-file.ts";
import { KEY_FILE_RULE, type SigningKey, type UrlClaim, urlToken } from "../../process/url-signature.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Terminal } from "../terminal.ts";

const OPTIONS = {
  expires: { type: "string", value: "duration", help: "how long from now the URL is good, such as 1h" },
  "key-file": { type: "string", value: "file", help: "the file that the edges have as sign-keys" },
  key: { type: "string", value: "id", help: "the key to sign with (the first one of the file)" },
  prefix: { type: "boolean", help: 'sign for every URL below the path, which ends with "/"' },
  parameter: { type: "string", value: "name", help: "the sign-parameter of the site (token)" },
  json: COMMON_OPTIONS.json,
  help: COMMON_OPTIONS.help,
} as const satisfies Options;

const lifetime = duration(1_000, 365 * 86_400_000);

export const signCommand: Command = {
  synopsis: "<url> --expires <duration> --key-file <file> [options]",
  options: OPTIONS,
  examples: [
    ["https://shop.example/film.mp4 --expires 1h --key-file keys.txt", ""],
    ["https://shop.example/film/ --prefix --expires 24h --key-file keys.txt", "and everything below"],
  ],
  notes: [
    "Asks no edge. The token is for the host, the path and the query of the URL, and for every method and scheme. The URL\nis written as browsers send it.",
    "Exit codes: 0 the URL is on stdout; 2 wrong usage.",
  ],
  async run({ argv, terminal }) {
    const { values, positionals } = parseOptions("sign", OPTIONS, argv);
    const [given, ...more] = positionals;
    if (given === undefined || more.length > 0)
      throw badUsage(`takes one URL, got ${given === undefined ? "nothing" : show(more[0])}`);
    const url = httpUrlOf(given);
    const ms = lifetime.parse(values.expires ?? "");
    if (ms === undefined)
      throw badUsage(`--expires: must be ${lifetime.rule}, got ${show(values.expires ?? "")}`);
    const key = keyOf(values["key-file"], values.key, terminal);
    const { parameter = "token", prefix = false } = values;
    const expires = Math.ceil((Date.now() + ms) / 1_000);
    const token = urlToken(key, claimOf(url, prefix, expires));
    const target = `${url.pathname}${url.search}`;
    const signed = `${url.origin}${target}${target.includes("?") ? "&" : "?"}${parameter}=${token}`;
    const shown = { url: signed, token, key: key.id, expires: new Date(expires * 1_000).toISOString() };
    terminal.write(values.json ? `${JSON.stringify(shown)}\n` : `${signed}\n`);
    return 0;
  },
};

function claimOf(url: URL, prefix: boolean, expires: number): UrlClaim {
  const { host, pathname, search } = url;
  if (!prefix) return { host, expires, scope: "url", text: `${pathname}${search}` };
  if (!pathname.endsWith("/")) throw badUsage(`--prefix: the path must end with "/", got ${show(pathname)}`);
  return { host, expires, scope: "prefix", text: pathname };
}

function httpUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.hash !== "")
    throw badUsage(`must be an http or https URL without a user and a fragment, got ${show(text)}`);
  return url;
}

function keyOf(path: string | undefined, id: string | undefined, terminal: Terminal): SigningKey {
  if (path === undefined) throw badUsage("--key-file: must be given, got nothing");
  const keys = signingKeysIn(path);
  if (typeof keys === "string")
    throw badUsage(`--key-file: must be a file of ${KEY_FILE_RULE}; ${keys}: ${show(path)}`);
  if (isReadableByAll(path))
    terminal.complain(`--key-file: every user of this machine can read ${show(path)}; chmod 600 prevents it`);
  const key = id === undefined ? keys[0] : keys.find((each) => each.id === id);
  if (key !== undefined) return key;
  throw badUsage(`--key: must be one of ${keys.map((each) => each.id).join(", ")}, got ${show(id ?? "")}`);
}

function badUsage(message: string): Failure {
  return new Failure("bad-usage", "client", `sign: ${message}`);
}
