import type { Clock } from "../../process/clock.ts";
import { HttpDate } from "./date-field.ts";
import { responseText } from "./error-response.ts";
import type { Exchange } from "./exchange.ts";

/** RFC 8555 section 8.3: what a CA reads to see that a host is ours. */
export interface HttpChallenges {
  /** undefined: the token is none of ours. */
  keyAuthorization(token: string): string | undefined;
}

const PREFIX = "/.well-known/acme-challenge/";

/**
 * Answers a CA that looks at a challenge, whatever host it names. Every other request goes its way, also one for a token of
 * somebody else: an origin may have certificates of its own.
 */
export class ChallengeAnswer {
  readonly #challenges: HttpChallenges;
  readonly #date: HttpDate;

  constructor(challenges: HttpChallenges, clock: Clock) {
    this.#challenges = challenges;
    this.#date = new HttpDate(clock);
  }

  /** Whether it has answered. No stored response can stand in its way: nobody but us knows a token before. */
  answers(exchange: Exchange): boolean {
    const { method, path } = exchange.request;
    if (!path.startsWith(PREFIX) || (method !== "GET" && method !== "HEAD")) return false;
    const content = this.#challenges.keyAuthorization(path.slice(PREFIX.length));
    if (content === undefined) return false;
    const fields = [
      // RFC 8555 section 8.3.
      ["Content-Type", "application/octet-stream"],
      ["Cache-Control", "no-store"],
    ] as const;
    const closes = exchange.decideClosing();
    const sending = { date: this.#date.value, closes, headOnly: method === "HEAD" };
    exchange.begin(responseText({ status: 200, fields, content }, sending));
    exchange.finish();
    return true;
  }
}
