/**
 * The hit path: an answer from the store without a promise, an exchange or an object per request.
 *
 * It applies to GET and HEAD of HTTP/1.1 without a body, on a connection that stays open, whose fields ask for nothing
 * of the cache (field-section.ts), and to stored responses that are fresh, whole, untouched by purges, and the only ones that
 * the request selects. Everything else, and every doubt, goes to the full path (edge/cache/serve.ts).
 *
 * Smuggling between the two is impossible, because there is one parser: the connection finds where a request ends before
 * either path sees it, and neither of them reads bytes. Both answer with the same bytes: hit-path.test.ts compares them.
 *
 * What it saves: a client repeats its field section, so what the section means is derived once (FieldSection); and the
 * stored fields stand in the store as they are sent.
 */
import type { RequestHead } from "../../http/message/request-head.ts";
import type { AnswerAtOnce } from "../../http/server/answer-at-once.ts";
import type { HttpDate } from "../../http/server/date-field.ts";
import { statusLine } from "../../http/server/error-response.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { KEEP_ALIVE } from "../../http/server/exchange-streams.ts";
import type { Peer } from "../../http/server/peer.ts";
import { bytesContent } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";
import { type CacheOutcome, cacheStatusMember } from "../cache/outcome.ts";
import { representStored } from "../cache/representation.ts";
import { currentAge } from "../rules/age.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { ttl } from "../rules/freshness.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { Addressing } from "./addressing.ts";
import { FieldSection } from "./field-section.ts";
import { responseHead } from "./response-head.ts";
import type { SlowClients } from "./slow-clients.ts";

// A larger body is written in parts, so that the progress of its client shows.
const LARGEST_BODY = 256 * 1024;

/** Answers from the store, for the requests of the data port. */
export class HitPath {
  readonly #edge: CacheContext;
  readonly #addressing: Addressing;
  readonly #clients: SlowClients;
  /** Cache-Status of a hit, up to the seconds of its ttl. */
  readonly #hit: string;

  readonly #date: HttpDate;

  constructor(edge: CacheContext, addressing: Addressing, clients: SlowClients, date: HttpDate) {
    this.#edge = edge;
    this.#date = date;
    this.#addressing = addressing;
    this.#clients = clients;
    this.#hit = cacheStatusMember(edge.id, { kind: "hit", ttl: 0 }).slice(0, -1);
  }

  /** For the requests of one connection. undefined: the full path answers. */
  for(peer: Peer): (request: RequestHead) => AnswerAtOnce | undefined {
    let section: FieldSection | undefined;
    return (request) => {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      if (section?.fields !== request.fields || section.host !== request.host)
        section = new FieldSection(request, peer, this.#addressing, this.#edge.id);
      return section.asks === "more" ? undefined : this.#answer(request, section);
    };
  }

  #answer(request: RequestHead, section: FieldSection): HitAnswer | undefined {
    const { store, purges, clock, counters } = this.#edge;
    const key = section.keyPrefix + request.path;
    const stored = section.onlySelected(store.peek(key));
    if (stored === undefined || stored.policy.directives.noCache === "all") return undefined;
    const now = clock.wall();
    const left = ttl(stored, now);
    if (left <= 0 || purges.standing(stored).kind !== "trusted") return undefined;
    if (store.equivalents(section.requestFor(request)).length > 0) return undefined;
    const hit: CacheHit = { stored, left, age: currentAge(stored, now) };
    const answer = section.asks === "whole" && request.method === "GET" ? this.#whole(hit) : undefined;
    const given = answer ?? this.#represented(section.requestFor(request), hit);
    if (given === undefined) return undefined;
    store.variants(key);
    store.used(stored);
    counters.answered(HIT);
    return given;
  }

  /** The fields stand in the store as they are sent. */
  #whole({ stored, left, age }: CacheHit): HitAnswer | undefined {
    const { status, chunks, bodyLength, sent, clientFields } = stored;
    if (sent === "rewritten" || status === 204 || chunks.length > 1 || bodyLength > LARGEST_BODY)
      return undefined;
    const length = sent === "as-stored" ? "" : `Content-Length: ${bodyLength}\r\n`;
    const own = `Age: ${age}\r\nCache-Status: ${this.#hit}${left}\r\nX-Cache: HIT\r\n${KEEP_ALIVE}\r\n`;
    const head = statusLine(status) + clientFields.lines + length + own;
    return new HitAnswer(head, chunks[0], stored, this.#clients);
  }

  /** A part of it, its head alone, or that it has not been modified: by the functions of the full path. */
  #represented(request: CacheRequest, { stored, left, age }: CacheHit): HitAnswer | undefined {
    const represented = representStored(request, stored);
    const { content } = represented;
    if (content.kind === "stream") return undefined;
    const served = { ...represented, outcome: { kind: "hit", ttl: left }, age } as const;
    const { method } = request;
    const head = responseHead(served, { edge: this.#edge.id, method, date: this.#date.value });
    if (head === undefined) return undefined;
    const chunks = content.kind === "bytes" && head.length !== "none" ? content.chunks : [];
    if (chunks.length > 1 || (chunks[0]?.byteLength ?? 0) > LARGEST_BODY) return undefined;
    return new HitAnswer(`${head.text}${KEEP_ALIVE}\r\n`, chunks[0], stored, this.#clients);
  }
}

const HIT: CacheOutcome = { kind: "hit", ttl: 0 };

interface CacheHit {
  readonly stored: StoredResponse;
  /** Whole seconds. */
  readonly left: number;
  readonly age: number;
}

/** An answer whose client may be slow to take it. */
class HitAnswer implements AnswerAtOnce {
  readonly head: string;
  readonly body: Uint8Array | undefined;
  readonly #stored: StoredResponse;
  readonly #clients: SlowClients;

  constructor(head: string, body: Uint8Array | undefined, stored: StoredResponse, clients: SlowClients) {
    this.head = head;
    this.body = body;
    this.#stored = stored;
    this.#clients = clients;
  }

  waits(exchange: Exchange): void {
    const content = bytesContent(this.body === undefined ? [] : [this.body]);
    const sending = { exchange, served: { stored: this.#stored, content } };
    this.#clients.add(sending);
    exchange.onEnd = () => this.#clients.delete(sending);
  }
}
