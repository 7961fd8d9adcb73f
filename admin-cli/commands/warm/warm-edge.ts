import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { parseList } from "structured-headers";
import { describeError } from "../../../process/failure.ts";

/** What a request found at an edge. */
export type Warmed =
  | { readonly kind: "hit" | "stored" | "not-stored" }
  | { readonly kind: "error"; readonly why: string };

// A page that an origin makes slowly comes within it. It is the silence between two parts, not the whole time.
const SILENCE_MS = 60_000;

/** The data port of one edge. Keeps as many connections as `concurrency` says. */
export class WarmedEdge {
  readonly #address: URL;
  readonly #agent: Agent;

  constructor(httpAddress: string, concurrency: number) {
    this.#address = new URL(`http://${httpAddress}`);
    this.#agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  }

  /** Asks as a client of `url` would, and reads the whole body: an edge may give up a fill that nobody reads. */
  async ask(url: string, signal: AbortSignal): Promise<Warmed> {
    const named = url.startsWith("/") ? undefined : new URL(url);
    const asked = request({
      agent: this.#agent,
      hostname: this.#address.hostname.replace(/^\[|\]$/g, ""),
      port: this.#address.port || 80,
      // As it is written: a URL that is parsed is no longer the key of what its clients ask for.
      path: named === undefined ? url : pathOf(url),
      headers: {
        Host: named?.host ?? this.#address.host,
        // The scheme is part of a site's URL. An edge believes it from a trusted address only.
        ...(named === undefined ? {} : { "X-Forwarded-Proto": named.protocol.slice(0, -1) }),
        "User-Agent": "edgecache-warm",
      },
      signal,
      timeout: SILENCE_MS,
    });
    asked.on("timeout", () => asked.destroy(new Error(`nothing came for ${SILENCE_MS / 1000} s`)));
    try {
      asked.end();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      for await (const _part of response);
      return outcomeOf(response.statusCode ?? 0, response.headers["cache-status"]);
    } catch (thrown) {
      return { kind: "error", why: describeError(thrown) };
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** RFC 9211 section 2: the last member of Cache-Status is the cache nearest to the client. */
export function outcomeOf(status: number, cacheStatus: string | string[] | undefined): Warmed {
  if (status >= 400) return { kind: "error", why: `status ${status}` };
  if (cacheStatus === undefined) return { kind: "error", why: "no Cache-Status: it is not an edge" };
  const [, parameters] = parseList(String(cacheStatus)).at(-1) ?? [undefined, new Map()];
  if (parameters.get("hit") === true) return { kind: "hit" };
  // Section 2.5; a response that was collapsed (section 2.6) was stored by the request that it waited for.
  const kept = parameters.get("stored") === true || parameters.get("collapsed") === true;
  return { kind: kept ? "stored" : "not-stored" };
}

function pathOf(url: string): string {
  const rest = /^https?:\/\/[^/?]+(.*)$/i.exec(url)?.[1] ?? "";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
