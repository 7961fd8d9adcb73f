import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { z } from "zod";
import { addressHint, parseAddress } from "../process/address.ts";
import { describeError, Failure } from "../process/failure.ts";
import { printable } from "../process/printable.ts";
import { hintBehind, show } from "../process/settings/values.ts";
import { CALL_MS } from "./deadline.ts";
import type { Proof } from "./proof.ts";

const candidate = z.object({
  edge: z.string(),
  state: z.string(),
  ejected: z.boolean(),
  inRegion: z.boolean(),
  rttMs: z.number(),
  rttVariationMs: z.number(),
  loss: z.number(),
  loadFactor: z.number(),
  expectedMs: z.number(),
  share: z.number(),
  readiness: z.number(),
  underWay: z.number(),
});

/** The fields that a router's /route.json must have. More are allowed. */
const routePage = z.looseObject({
  url: z.string(),
  host: z.string(),
  policy: z.string(),
  region: z.string().nullable(),
  edge: z.string().nullable(),
  reason: z.string(),
  /** The reason as a sentence. */
  because: z.string(),
  candidates: z.array(z.looseObject(candidate.shape)),
  unreachable: z.array(z.object({ edge: z.string(), why: z.string() })),
});

export type RoutePage = z.infer<typeof routePage>;
export type RouteCandidate = z.infer<typeof candidate>;

/** The fields that a router's /findings.json must have. */
const findingsPage = z.object({
  version: z.string(),
  wallMs: z.number(),
  findings: z.array(
    z.object({ severity: z.enum(["problem", "warning"]), about: z.string(), text: z.string() }),
  ),
});

export type FindingsPage = z.infer<typeof findingsPage>;

/** The fields that each row of a router's /edges.json must have. */
const edgesPage = z.array(z.looseObject({ edge: z.string().nullable(), state: z.string() }));

export type EdgesPage = z.infer<typeof edgesPage>;

/** The operator port of the router of npm start. */
export const DEFAULT_ROUTER = "127.0.0.1:8090";

/** The operator port that is named, if one is. Throws Failure("bad-usage"). */
export function routerAddress(
  given: string | undefined,
  environment: string | undefined,
): string | undefined {
  const named = given ?? (environment === "" ? undefined : environment);
  if (named === undefined || parseAddress(named) !== undefined) return named;
  const source = given === undefined ? "EDGECACHE_ROUTER" : "--router";
  throw new Failure(
    "bad-usage",
    "client",
    `${source}: must be host:port, such as ${DEFAULT_ROUTER}, got ${show(named)}${hintBehind({ hint: addressHint }, named)}`,
  );
}

/** The request to ask about. */
export interface RouteQuestion {
  readonly url: string;
  readonly host: string;
  readonly region: string | undefined;
}

/**
 * Asks a router, at the host:port of its operator port, which edge a request would get. Throws a Failure: `no-answer`,
 * `refused` with the router's reason, or `call-failed` when it is not a router.
 */
export async function askRoute(
  address: string,
  { url, host, region }: RouteQuestion,
  proof: Proof,
): Promise<RoutePage> {
  const query = new URLSearchParams({ url, host, ...(region === undefined ? {} : { region }) });
  const { status, text } = await get(address, `/route.json?${query}`, proof);
  const answer = parseJson(text);
  const refused = z.object({ error: z.string() }).safeParse(answer);
  if (status === 400 && refused.success) {
    throw new Failure("refused", "client", `${address} refused the question: ${refused.data.error}`);
  }
  return pageOf(routePage, address, status, text);
}

/** What a router finds that an operator should know. Throws a Failure. */
export async function askFindings(address: string, proof: Proof): Promise<FindingsPage> {
  const { status, text } = await get(address, "/findings.json", proof);
  return pageOf(findingsPage, address, status, text);
}

/** The edges as a router sees them. Throws a Failure. */
export async function askEdges(address: string, proof: Proof): Promise<EdgesPage> {
  const { status, text } = await get(address, "/edges.json", proof);
  return pageOf(edgesPage, address, status, text);
}

function pageOf<T>(schema: z.ZodType<T>, address: string, status: number, text: string): T {
  if (status === 401 || status === 403)
    throw new Failure("refused", "client", `${address} refused the question: ${printable(text.trim())}`);
  const page = schema.safeParse(parseJson(text));
  if (status === 200 && page.success) return page.data;
  const what = `${address} is not the operator port of an edgeCache router: it answered ${status} ${show(text)}`;
  throw new Failure("call-failed", "edge", what);
}

async function get(
  address: string,
  path: string,
  { token, identity }: Proof,
): Promise<{ status: number; text: string }> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const options = { headers, agent: false, signal: AbortSignal.timeout(CALL_MS) };
  const request =
    identity === undefined
      ? requestHttp(`http://${address}${path}`, options)
      : requestHttps(`https://${address}${path}`, {
          ...options,
          ca: identity.current.ca,
          ...identity.current.pair,
        });
  try {
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  } catch (thrown) {
    throw new Failure(
      "no-answer",
      "edge",
      `no router answers at ${address} (${describeError(thrown)})`,
      thrown,
    );
  }
}

/** Undefined for anything else. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
