/** A host as it stands in Host or in a URI: in lower case, with its port when one is given. */
export interface Authority {
  readonly host: string;
  /** undefined: the default of the scheme. */
  readonly port: number | undefined;
}

const NAME = /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?$/i;
/** RFC 1035 section 2.3.4, with room for a final dot. */
const LONGEST_NAME = 254;

/** Parses `uri-host [":" port]` (RFC 9110 section 7.2): a name or an address; undefined for anything else. */
export function parseAuthority(text: string): Authority | undefined {
  const parts = /^(?<host>\[[0-9a-f:.]+\]|[^:[\]]+)(?::(?<port>\d{0,5}))?$/i.exec(text)?.groups;
  if (parts?.host === undefined || !isHost(parts.host)) return undefined;
  const host = parts.host.toLowerCase();
  if (parts.port === undefined || parts.port === "") return { host, port: undefined };
  const port = Number(parts.port);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** As it stands in Host. */
export function authorityText({ host, port }: Authority): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** The host of `host[:port]` in lower case, without the final dot of a full domain name. */
export function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return URL.canParse(`http://${host}/`);
  return host.length <= LONGEST_NAME && NAME.test(host) && !host.includes("..");
}
