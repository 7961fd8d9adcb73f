import { http2 } from "../../http/h2/http2-connection.ts";
import type { Refusal } from "../../http/message/refusal.ts";
import type { AnswersAtOnce } from "../../http/server/answer-at-once.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { HttpServer, type ServerLimits } from "../../http/server/http-server.ts";
import type { PreamblesConfig } from "../../http/server/preambles.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { type Clock, systemClock } from "../../process/clock.ts";

/** A bare HTTP server on a free port, and what its program did wrong. */
export interface TestServer {
  readonly server: HttpServer;
  readonly url: string;
  readonly faults: readonly unknown[];
  /** Each limit that a client has met, and the client. */
  readonly limited: readonly string[];
  /** Why each handshake failed that did. */
  readonly handshakes: readonly string[];
}

export async function startTestServer(
  take: (exchange: Exchange) => void,
  limits: Partial<ServerLimits> = {},
  clock: Clock = systemClock,
  atOnce?: AnswersAtOnce,
  preambles?: PreamblesConfig,
): Promise<TestServer> {
  const faults: unknown[] = [];
  const limited: string[] = [];
  const handshakes: string[] = [];
  const server = new HttpServer({
    name: "test port",
    clock,
    limits: {
      fieldsMs: 10_000,
      answererMs: 40_000,
      tunnelMs: 60_000,
      answerMs: 60_000,
      readerMs: 30_000,
      senderMs: 30_000,
      checkMs: 500,
      connections: 1_000,
      clientConnections: 1_000,
      clientRequests: 1_000,
      bodyTimeout: 900_000,
      bodyRate: 1_024,
      ...limits,
    },
    proxies: new TrustedProxies(["127.0.0.1"]),
    limited: (limit, client, forwards) => limited.push(`${limit} ${client}${forwards ? " forwards" : ""}`),
    handshakeFailed: (fault) => handshakes.push(fault),
    take,
    http2: http2(),
    h2c: true,
    ...(atOnce === undefined ? {} : { atOnce }),
    ...(preambles === undefined ? {} : { preambles }),
    refuse: ({ detail }) => refusalText(detail),
    fault: (thrown) => {
      faults.push(thrown);
      return "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    },
    trouble: (error) => faults.push(error),
  });
  return {
    server,
    url: `http://127.0.0.1:${await server.open("127.0.0.1", 0)}`,
    faults,
    limited,
    handshakes,
  };
}

/** The answer to what is refused: the reason stands in a field. */
export function refusalText(detail: Refusal): string {
  return `HTTP/1.1 400 Bad Request\r\nX-Refused: ${detail}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}
