import { isHost, type ValueType } from "../../process/settings/values.ts";

/** Where the lines of an access log go. */
export type AccessTarget =
  | { readonly kind: "off" }
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string }
  /** RFC 5426: a datagram for each line. */
  | { readonly kind: "syslog"; readonly host: string; readonly port: number };

// RFC 5426 section 3.3.
const SYSLOG_PORT = 514;

/** The value of --access-log. */
export const accessTarget: ValueType<AccessTarget> = {
  name: "off|stdout|path|syslog://host",
  rule: "off, stdout, the path of a file with at least one / in it, or syslog://host[:port]",
  parse: (text) => {
    if (text === "off" || text === "stdout") return { kind: text };
    if (text.startsWith("syslog://")) return syslogTarget(text.slice("syslog://".length));
    return /^(?!\w+:\/\/)[^\p{Cc}]*\/[^\p{Cc}/]+$/u.test(text) && text.length <= 4096
      ? { kind: "file", path: text }
      : undefined;
  },
  format: (target) => {
    switch (target.kind) {
      case "off":
      case "stdout":
        return target.kind;
      case "file":
        return target.path;
      case "syslog":
        return `syslog://${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
    }
  },
};

function syslogTarget(text: string): AccessTarget | undefined {
  const [, host = "", digits] = /^(\[[^\]]+\]|[^:/[\]]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const name = host.startsWith("[") ? host.slice(1, -1) : host;
  const port = digits === undefined ? SYSLOG_PORT : Number(digits);
  return isHost(name) && port >= 1 && port <= 65_535 ? { kind: "syslog", host: name, port } : undefined;
}
