/** What the router knows of the client's connection. */
export interface ClientSide {
  readonly address: string;
  /** The Host field as the client sent it; HTTP/1.0 may have none. */
  readonly host: string | undefined;
  readonly httpVersion: string;
}

/** What the router adds to a response. */
export interface Relayed {
  readonly edge: string;
  /** From the request's arrival to the first byte of the edge's answer. */
  readonly firstByteMs: number;
  readonly rttMs: number;
}

// RFC 9110 section 7.6.1: about this connection only, so never forwarded, named in Connection or not.
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

// RFC 9110 section 7.6.1: what every recipient needs must not be named in Connection; such a name is ignored.
const NEVER_HOP_BY_HOP = new Set(["host", "content-length"]);

// Servers behind believe these of a proxy in front, so what a client says in them is a forgery.
const FORGEABLE = new Set([
  "client-ip",
  "forwarded",
  "true-client-ip",
  "x-http-method-override",
  "x-original-url",
  "x-real-ip",
  "x-rewrite-url",
]);
const FORGEABLE_PREFIX = "x-forwarded-";

// The router has answered 100 (Continue) itself by the time it forwards.
const ANSWERED_HERE = "expect";

/** RFC 9110 section 7.6.3: the name under which the router appears in Via. */
export const PSEUDONYM = "edgecache-router";

/** The fields of the request to an edge, as name, value, name, value …, in the client's order and case. */
export function requestFields(raw: readonly string[], client: ClientSide): string[] {
  const named = connectionNames(raw);
  const kept = keep(
    raw,
    (name) =>
      !named.has(name) &&
      !FORGEABLE.has(name) &&
      !name.startsWith(FORGEABLE_PREFIX) &&
      name !== ANSWERED_HERE,
  );
  kept.push("X-Forwarded-For", client.address);
  // Clients reach the router in the clear; where TLS ends before it, that proxy must say so itself.
  kept.push("X-Forwarded-Proto", "http");
  if (client.host !== undefined) kept.push("X-Forwarded-Host", client.host);
  kept.push("Via", `${client.httpVersion} ${PSEUDONYM}`);
  return kept;
}

/** The fields of the response to the client, in the edge's order and case, duplicates included. */
export function responseFields(raw: readonly string[], relayed: Relayed): string[] {
  const named = connectionNames(raw);
  const kept = keep(raw, (name) => !named.has(name) && name !== "x-served-by");
  const first = relayed.firstByteMs.toFixed(1);
  kept.push("Via", `1.1 ${PSEUDONYM}`);
  kept.push("X-Served-By", relayed.edge);
  kept.push(
    "Server-Timing",
    `router;dur=${first}, rtt;dur=${relayed.rttMs.toFixed(1)};desc="${relayed.edge}"`,
  );
  return kept;
}

function connectionNames(raw: readonly string[]): ReadonlySet<string> {
  const names = new Set(HOP_BY_HOP);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== "connection") continue;
    for (const option of (raw[i + 1] ?? "").toLowerCase().split(",")) {
      const name = option.trim();
      if (!NEVER_HOP_BY_HOP.has(name)) names.add(name);
    }
  }
  return names;
}

function keep(raw: readonly string[], wanted: (lowerCaseName: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (wanted(name.toLowerCase())) kept.push(name, raw[i + 1] ?? "");
  }
  return kept;
}
