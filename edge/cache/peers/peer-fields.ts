import type { Scheme } from "../../../http/message/scheme.ts";
import type { Token } from "../../../process/control/tokens.ts";
import { formatPosition, type Position, parsePosition } from "../../../purge-log/position.ts";

/** The request field by which an edge asks another one. It goes no further. */
export const PEER = "EdgeCache-Peer";
/** The response field by which the other edge says which purges its answer takes account of. */
export const MARK = "EdgeCache-Mark";

// What encodeURIComponent makes.
const RUN_ID = /^(?:[\w\-.!~*'()]|%[0-9A-F]{2})*$/;

/** Why an edge gives another one no answer. The word stands in the place of the mark. */
export const PEER_REFUSALS = ["behind", "lapsed", "not-shared", "no-answer"] as const;
export type PeerRefusal = (typeof PEER_REFUSALS)[number];

/** Why an edge that was asked gave nothing to use: it cannot be reached, it is silent, or it refuses. */
export const PASSED_OVER = ["unreachable", "slow", ...PEER_REFUSALS] as const;
export type PassedOver = (typeof PASSED_OVER)[number];

/** A place in one history of purges. */
export interface LogPlace {
  readonly runId: string;
  readonly position: Position;
}

/** What an edge says when it asks another one. The Host and the port do not tell all of it. */
export interface PeerAsk {
  /** The id of the edge that asks. */
  readonly asker: string;
  /** The answer must take account of every purge up to here. */
  readonly after: LogPlace;
  readonly site: string;
  readonly scheme: Scheme;
  readonly authority: string;
  /** As in CacheRequest. */
  readonly base?: string | undefined;
}

/** What the signature is about, beside what is said. */
export interface AskedLine {
  readonly method: string;
  readonly target: string;
}

/** The value of EdgeCache-Peer. `token`: undefined where the edges of one machine trust each other. */
export function peerField(ask: PeerAsk, line: AskedLine, token: Token | undefined): string {
  const { after, ...rest } = ask;
  const said = JSON.stringify({ ...rest, run: after.runId, after: formatPosition(after.position) });
  const text = Buffer.from(said).toString("base64url");
  return token === undefined ? text : `${text}.${token.signatureOf(signedText(text, line))}`;
}

/** undefined: it is malformed, or who sent it has not shown that it knows the token. */
export function askIn(value: string, line: AskedLine, token: Token | undefined): PeerAsk | undefined {
  const [text = "", signature = ""] = value.split(".", 2);
  if (token !== undefined && !token.signed(signedText(text, line), signature)) return undefined;
  try {
    return checked(JSON.parse(Buffer.from(text, "base64url").toString()));
  } catch {
    // What is no JSON comes from nobody who knows this field.
    return undefined;
  }
}

/** The value of EdgeCache-Mark. `asked`: that of EdgeCache-Peer, to which it is the answer. */
export function markField(place: LogPlace, asked: string, token: Token | undefined): string {
  const text = `${encodeURIComponent(place.runId)} ${formatPosition(place.position)}`;
  return token === undefined ? text : `${text} ${token.signatureOf(`mark ${text} ${asked}`)}`;
}

/** undefined: it is malformed, or none of an edge that knows the token. */
export function placeIn(value: string, asked: string, token: Token | undefined): LogPlace | undefined {
  const [run = "", at = "", signature = ""] = value.split(" ", 3);
  const position = parsePosition(at);
  if (position === undefined || !RUN_ID.test(run)) return undefined;
  const text = `${run} ${at}`;
  if (token !== undefined && !token.signed(`mark ${text} ${asked}`, signature)) return undefined;
  return { runId: decodeURIComponent(run), position };
}

function signedText(text: string, { method, target }: AskedLine): string {
  return `ask ${text} ${method} ${target}`;
}

function checked(said: unknown): PeerAsk | undefined {
  if (typeof said !== "object" || said === null) return undefined;
  const { asker, run, after, site, scheme, authority, base } = said as Readonly<Record<string, unknown>>;
  const position = typeof after === "string" ? parsePosition(after) : undefined;
  if (position === undefined || typeof run !== "string" || typeof asker !== "string") return undefined;
  if (typeof site !== "string" || typeof authority !== "string") return undefined;
  if (scheme !== "http" && scheme !== "https") return undefined;
  if (base !== undefined && typeof base !== "string") return undefined;
  return { asker, after: { runId: run, position }, site, scheme, authority, base };
}
