import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { axios } from "acme-client";
import { describeError } from "../../process/failure.ts";
import { AcmeRefusal, problemType, retryAfterMs } from "./acme-refusal.ts";

/** How requests reach the CA. */
export interface Transport {
  /** PEM certificates by which its server is checked; undefined: those of Node. */
  readonly ca: string | undefined;
  /** Wall time. */
  readonly now: () => number;
  /** Ends the requests under way. */
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

// A CA that says nothing for this long is not at work.
const SILENCE_MS = 30_000;
// A chain has some KiB. A server that sends more is no ACME server.
const MOST_BYTES = 2 ** 20;

// The library has one HTTP client for the whole process. This says whose request it is at work on.
const current = new AsyncLocalStorage<Transport>();

// Its retries repeat a request with its nonce, which no CA takes twice, and lose what went wrong. So it gets none.
axios.defaults.adapter = async (config) => {
  const transport = current.getStore();
  if (transport === undefined) throw new Error("a request to a CA needs a transport");
  const body = typeof config.data === "string" ? config.data : undefined;
  const { "Content-Type": type = "application/json" } = config.headers;
  const method = (config.method ?? "get").toUpperCase();
  const answer = await ask(transport, config.url ?? "", { method, type: String(type), body });
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  return { data: answer.text, status: answer.status, statusText: "", headers, config };
};

/** What `act` asks the CA goes by this transport. Throws an AcmeRefusal for whatever the CA does not grant. */
export function withTransport<T>(transport: Transport, act: () => Promise<T>): Promise<T> {
  return current.run(transport, act);
}

/** A resource that needs no signature, as JSON, and how long the CA asks to wait before it is read again. */
export async function getJson(
  transport: Transport,
  url: string,
): Promise<{ readonly value: unknown; readonly retryAfterMs: number }> {
  const { text, headers } = await ask(transport, url, {
    method: "GET",
    type: "application/json",
    body: undefined,
  });
  const wait = retryAfterMs(headers["retry-after"], transport.now());
  try {
    return { value: JSON.parse(text), retryAfterMs: wait };
  } catch (cause) {
    throw new AcmeRefusal("refused", `${url} must be JSON, got ${JSON.stringify(text.slice(0, 100))}`, {
      cause,
    });
  }
}

interface Asked {
  readonly method: string;
  readonly type: string;
  readonly body: string | undefined;
}

async function ask(transport: Transport, url: string, asked: Asked): Promise<Answer> {
  if (!URL.canParse(url) || new URL(url).protocol !== "https:")
    // RFC 8555 section 6.1.
    throw new AcmeRefusal("refused", `the CA must name resources by https:// URLs, got "${url}"`);
  const answer = await send(transport, url, asked).catch((cause: unknown) => {
    throw new AcmeRefusal("unreachable", `${asked.method} ${url} failed: ${describeError(cause)}`, { cause });
  });
  if (answer.status < 400) return answer;
  const problem = problemOf(answer.text);
  const type = problemType(problem.type);
  // RFC 8555 section 6.5: the library asks again with the nonce of this answer.
  if (type === "badNonce") return answer;
  const isLimit = type === "rateLimited" || answer.status === 429;
  throw new AcmeRefusal(
    isLimit ? "rate-limited" : answer.status >= 500 ? "unreachable" : "refused",
    `the CA answered ${answer.status} to ${asked.method} ${url}: ${type ?? "no type"}, ${problem.detail}`,
    {
      askedMs: retryAfterMs(answer.headers["retry-after"], transport.now()),
      ...(type === undefined ? {} : { type }),
    },
  );
}

function problemOf(text: string): { readonly type: unknown; readonly detail: string } {
  try {
    const { type, detail } = JSON.parse(text);
    return { type, detail: typeof detail === "string" ? detail.slice(0, 1000) : "no detail" };
  } catch {
    // RFC 7807 is not for everything: a proxy in front may answer by itself.
    return { type: undefined, detail: JSON.stringify(text.slice(0, 200)) };
  }
}

function send({ ca, signal }: Transport, url: string, { method, type, body }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    // RFC 8555 section 6.1: a client must name itself.
    "User-Agent": "edgecache",
    Accept: "*/*",
    ...(body === undefined ? {} : { "Content-Type": type, "Content-Length": Buffer.byteLength(body) }),
  };
  const request = httpsRequest(url, { method, headers, signal, timeout: SILENCE_MS, ...(ca && { ca }) });
  request.on("timeout", () => request.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)));
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MOST_BYTES) response.destroy(new Error(`the answer has more than ${MOST_BYTES} bytes`));
    });
    response.on("error", reject);
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString("utf8"),
      }),
    );
  });
  request.end(body);
  return promise;
}
