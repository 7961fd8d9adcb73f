import { ACCEPT, acceptOf, KEY, newKey, WEB_SOCKET } from "../../http/server/web-socket.ts";
import { Failure } from "../../process/failure.ts";
import { fieldsForOrigin, vouchedFor } from "../origin/forwarded-fields.ts";
import { GiveUp } from "../origin/give-up.ts";
import type { OriginRequest, OriginResponse } from "../origin/origin.ts";
import { OriginFailure } from "../origin/origin-error.ts";
import type { Content, Served } from "./answer.ts";
import { type CacheContext, forwardedOf, rulesOf } from "./context.ts";
import { errorAnswer, failureAnswer } from "./error-answer.ts";
import type { FillRequest } from "./fill-request.ts";
import { originSpan } from "./fill-spans.ts";
import { originAnswer } from "./origin-answer.ts";
import { whileWanted } from "./wanted-fetch.ts";

/** What a client wants to make of its connection, or of its stream of HTTP/2. */
export interface WantedTunnel {
  /** In lower case. */
  readonly protocol: string;
  /** RFC 8441: it asks by extended CONNECT, and gets 200 in place of 101. */
  readonly byConnect: boolean;
}

/** A request for one. */
export interface TunnelRequest extends FillRequest {
  /** What the client says. */
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

const SWITCHED = 101;
const OK = 200;

/**
 * RFC 9110 section 7.8: asks the origin to change protocols. When it does (101), the client's bytes go to the origin and
 * the origin's to the client, as fast as each side takes them, until one of them ends it. Any other answer goes to the
 * client as it is. The cache has no part in it, so no purge and no lapse of the lease ends a tunnel.
 */
export async function tunnel(
  asked: TunnelRequest,
  wanted: WantedTunnel,
  edge: CacheContext,
): Promise<Served> {
  const { site, client = "" } = asked;
  const { protocol } = wanted;
  if (!rulesOf(edge, site).upgrades.includes(protocol)) {
    edge.counters.addReason("tunnels", "not-allowed");
    const text = `this site lets no ${protocol} pass; its setting upgrades allows it`;
    return errorAnswer(501, { fwd: "bypass", detail: "upgrade-not-allowed", text }, edge);
  }
  const end = edge.tunnels.take(site, client);
  if (typeof end === "string") {
    edge.counters.addReason("tunnels", "limited");
    const error = "connection_limit_reached";
    return errorAnswer(503, { fwd: "bypass", detail: end, proxyError: error }, edge);
  }
  try {
    return await opened(asked, wanted, end, edge);
  } catch (thrown) {
    end();
    edge.counters.addReason("tunnels", "failed");
    return failureAnswer(thrown, "bypass", edge);
  }
}

async function opened(
  asked: TunnelRequest,
  wanted: WantedTunnel,
  end: () => void,
  edge: CacheContext,
): Promise<Served> {
  const origin = edge.origins.get(asked.site);
  if (origin === undefined) throw new Failure("unknown-site", "edge", `no origin for site ${asked.site}`);
  const fetching = new GiveUp();
  const key = wanted.byConnect && wanted.protocol === WEB_SOCKET ? newKey() : undefined;
  const span = originSpan(asked, edge);
  const { trace, onAsked } = span;
  const sent = { ...originRequest({ ...asked, trace }, wanted, key, edge), onAsked };
  const ask = () => originAnswer(origin.fetch(sent, fetching), asked.site, edge);
  const response = await span.until(whileWanted(asked.method, asked.left, ask, fetching, edge.clock));
  const give = (): void => {
    fetching.abort();
    end();
  };
  if (key !== undefined) checkAccept(response, key, give);
  const switched = response.status === SWITCHED;
  edge.counters.addReason("tunnels", switched ? "opened" : "declined");
  if (switched)
    edge.counters.addReason("tunnelsOpened", wanted.protocol === WEB_SOCKET ? WEB_SOCKET : "other");
  const outcome = { kind: "bypass", fwd: "bypass", fwdStatus: response.status } as const;
  const content = contentOf(response, give, (bytes) => {
    if (switched) edge.counters.add("tunnelBytesSent", bytes);
  });
  if (!switched)
    return {
      status: response.status,
      fields: response.fields,
      content,
      outcome: { ...outcome, detail: "upgrade-declined" },
    };
  return {
    status: wanted.byConnect ? OK : SWITCHED,
    fields: wanted.byConnect ? response.fields.without([ACCEPT]) : response.fields,
    content,
    outcome: { ...outcome, detail: "tunnel" },
    tunnel: wanted.protocol,
  };
}

function originRequest(
  asked: TunnelRequest,
  { protocol }: WantedTunnel,
  key: string | undefined,
  edge: CacheContext,
): OriginRequest {
  const { method, target, authority, body, onInterim } = asked;
  const fields = vouchedFor(fieldsForOrigin(asked.fields, forwardedOf(asked, edge)), asked);
  return {
    method,
    target,
    authority,
    fields: key === undefined ? fields : fields.without([KEY]).plus(KEY, key),
    ...(body === undefined
      ? {}
      : { body: measured(body, (bytes) => edge.counters.add("tunnelBytesReceived", bytes)) }),
    onInterim,
    origin: asked.matched?.origin,
    timeouts: asked.matched?.timeouts,
    upgrade: protocol,
  };
}

/** RFC 6455 section 4.1: a server that has not read the key does not speak WebSocket. */
function checkAccept({ status, fields }: OriginResponse, key: string, give: () => void): void {
  if (status !== SWITCHED || fields.get(ACCEPT) === acceptOf(key)) return;
  give();
  const code = "http_upgrade_failed";
  throw new OriginFailure(code, "the fields", `${code}: ${ACCEPT} does not fit ${KEY}`);
}

function contentOf({ body }: OriginResponse, give: () => void, count: (bytes: number) => void): Content {
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* measured(body, count);
    } finally {
      give();
    }
  }
  return { kind: "stream", length: undefined, read, cancel: give };
}

async function* measured(
  parts: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    count(part.byteLength);
    yield part;
  }
}
