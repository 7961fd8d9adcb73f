import type { Clock } from "../../process/clock.ts";
import { parseAuthority } from "../message/authority.ts";
import type { RequestHead } from "../message/request-head.ts";
import type { AnswersAtOnce } from "./answer-at-once.ts";
import { HttpDate } from "./date-field.ts";
import { PLAIN_TEXT, responseText, type WholeResponse } from "./error-response.ts";
import type { Exchange } from "./exchange.ts";
import type { Peer } from "./peer.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

const HTTPS_PORT = 443;

/** Answers requests by HTTP with the same URL by HTTPS, except those that a trusted proxy has taken by HTTPS. */
export class HttpsRedirect {
  /** Of the TLS port. */
  port = HTTPS_PORT;
  readonly #proxies: TrustedProxies;
  readonly #date: HttpDate;

  constructor(clock: Clock, proxies: TrustedProxies) {
    this.#proxies = proxies;
    this.#date = new HttpDate(clock);
  }

  /** Whether it has answered. */
  answers(exchange: Exchange): boolean {
    const { request, peer } = exchange;
    const response = httpsRedirect(request, peer, this.#proxies, this.port);
    if (response === undefined) return false;
    const closes = exchange.decideClosing();
    const headOnly = request.method === "HEAD";
    exchange.begin(responseText(response, { date: this.#date.value, closes, headOnly }));
    exchange.finish();
    return true;
  }

  /** No answer at once for a request that is redirected. */
  guard(atOnce: AnswersAtOnce): AnswersAtOnce {
    return (peer) => {
      const answers = atOnce(peer);
      const redirects = (request: RequestHead): boolean => cameByHttp(request, peer, this.#proxies);
      return {
        find: (request) => (redirects(request) ? undefined : answers.find(request)),
        findLent: (request) => (redirects(request) ? undefined : answers.findLent?.(request)),
      };
    };
  }
}

function cameByHttp({ fields }: RequestHead, { address, scheme }: Peer, proxies: TrustedProxies): boolean {
  return proxies.scheme(address, fields.section.get("X-Forwarded-Proto"), scheme) === "http";
}

/**
 * RFC 9110 section 15.4.9: the same URL by HTTPS, with the same method. undefined: the request came by HTTPS, or names no
 * host. `port`: of the TLS port.
 */
export function httpsRedirect(
  request: RequestHead,
  peer: Peer,
  proxies: TrustedProxies,
  port: number,
): WholeResponse | undefined {
  if (!cameByHttp(request, peer, proxies)) return undefined;
  const { host, path, fields } = request;
  const named = proxies.host(peer.address, fields.section.get("X-Forwarded-Host"), host);
  const authority = named === undefined ? undefined : parseAuthority(named);
  if (authority === undefined) return undefined;
  const location = `https://${authority.host}${port === HTTPS_PORT ? "" : `:${port}`}${path}`;
  return { status: 308, fields: [["Location", location], ...PLAIN_TEXT], content: `see ${location}\n` };
}
