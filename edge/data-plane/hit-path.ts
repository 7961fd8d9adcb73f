/**
 * The hit path: an answer from the store without a promise or an exchange.
 *
 * It applies to GET and HEAD of HTTP/1.1 without a body, on a connection that stays open, when the fields of the request
 * ask for nothing beyond a part or a check of what the client has (edge/cache/field-section.ts), and what is stored is
 * fresh, whole, not purged, and the only response that the request selects (edge/cache/hit.ts). Everything else, and
 * every doubt, goes to the full path (edge/cache/serve.ts).
 *
 * Smuggling between the two is impossible, because there is one parser: the connection finds where a request ends before
 * either path sees it, and neither of them reads bytes. Both answer with the same bytes: hit-path.test.ts compares them.
 *
 * It saves work in five ways. Each has its row in `npm run bench` (docs/benchmarks.md):
 *
 * - A client repeats its field section, so what the section means is derived once ("hits, 1 KiB").
 * - When only values change in lines that have changed before, only these are read, and what does not depend on them
 *   stays derived: http/message/similar-fields.ts ("other fields in each request").
 * - The fields of a response stand in the store as they are sent, so only the lines of the moment are made for each
 *   answer ("hits, 1 KiB").
 * - A small response that is asked for as a whole is copied straight from the memory of the store to what is written
 *   (edge/store/response-in-place.ts). No object is made for it ("hits, 1 KiB, 10000 keys").
 * - The lines of a 304 are made once for a response: not-modified-lines.ts ("304 to If-None-Match").
 */
import type { RequestHead } from "../../http/message/request-head.ts";
import type { AnswerAtOnce, AnswerFinder } from "../../http/server/answer-at-once.ts";
import type { HttpDate } from "../../http/server/date-field.ts";
import { statusLine } from "../../http/server/error-response.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { KEEP_ALIVE } from "../../http/server/exchange-streams.ts";
import { withOwnLines } from "../../http/server/own-lines.ts";
import type { Peer } from "../../http/server/peer.ts";
import { COPIED_AT_MOST } from "../../http/server/write-buffer.ts";
import { bytesContent } from "../cache/answer.ts";
import { rulesOf } from "../cache/context.ts";
import { FieldSection } from "../cache/field-section.ts";
import { type CacheHit, findHit, findInPlace, type HitContext, noteHit } from "../cache/hit.ts";
import { cacheStatusMember } from "../cache/outcome.ts";
import { representStored } from "../cache/representation.ts";
import { SectionPlans } from "../cache/section-plans.ts";
import type { EncodingName } from "../rules/compression.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { SentFields } from "../rules/sent-fields.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";
import { preconditions } from "../rules/validation.ts";
import type { Addressing } from "./addressing.ts";
import { AnswerInPlace } from "./answer-in-place.ts";
import type { HitNote, HitNotes } from "./hit-notes.ts";
import { NotModifiedLines } from "./not-modified-lines.ts";
import type { ConnectionNotes, RequestNotes } from "./request-notes.ts";
import { responseHead } from "./response-head.ts";
import type { SlowClients } from "./slow-clients.ts";

// A larger body is written in parts, so that the progress of its client shows.
const LARGEST_BODY = 256 * 1024;

const NOTHING_KEPT: ConnectionNotes = { notes: undefined, told: undefined };

type Asked = Pick<RequestHead, "method" | "path">;

interface LinesOfTheMoment {
  readonly left: number;
  readonly age: number;
  readonly form: EncodingName | undefined;
  readonly lines: string;
}

/** Answers from the store, for the requests of the data port. */
export class HitPath {
  readonly #edge: HitContext;
  readonly #addressing: Addressing;
  readonly #clients: SlowClients;
  readonly #date: HttpDate;
  readonly #notModifiedLines = new NotModifiedLines();
  readonly #answerInPlace: AnswerInPlace;
  /** Most hits of a second are on a few responses. */
  #lastLines: LinesOfTheMoment = { left: -1, age: -1, form: undefined, lines: "" };
  /** Cache-Status of a hit, up to the seconds of its ttl. */
  readonly #hit: string;
  readonly #notes: Pick<RequestNotes, "hits"> | undefined;

  constructor(
    edge: HitContext,
    addressing: Addressing,
    clients: SlowClients,
    date: HttpDate,
    notes?: Pick<RequestNotes, "hits">,
  ) {
    this.#notes = notes;
    this.#edge = edge;
    this.#date = date;
    this.#addressing = addressing;
    this.#clients = clients;
    this.#answerInPlace = new AnswerInPlace(edge, clients);
    this.#hit = cacheStatusMember(edge.id, { kind: "hit", ttl: 0 }).slice(0, -1);
  }

  /** For the requests of one connection. undefined: the full path answers. */
  for(peer: Peer): AnswerFinder {
    let section: FieldSection | undefined;
    let plans: SectionPlans | undefined;
    let { generation } = this.#addressing;
    const { notes, told } = this.#notes?.hits(peer) ?? NOTHING_KEPT;
    const sectionOf = (request: RequestHead): FieldSection => {
      if (generation !== this.#addressing.generation) {
        generation = this.#addressing.generation;
        section = undefined;
        plans = undefined;
      }
      if (section?.fields !== request.fields || section.host !== request.host) {
        const similar = section?.similar(request);
        section = similar ?? this.#section(request, peer);
        if (similar === undefined) plans = undefined;
        else plans?.change(similar);
      }
      return section;
    };
    /** By the rules of the site, where it has some that may change the request. */
    const answered = <A>(
      request: RequestHead,
      answer: (asked: Asked, section: FieldSection) => A | undefined,
    ): A | undefined => {
      const asked = sectionOf(request);
      const { asks, rules } = asked;
      if (asks === "more" || request.path.length > rules.limits.url) return undefined;
      // Each token is checked, and it is in no key.
      if (rules.signed.needsToken(request.path)) return undefined;
      if (rules.book.beforeKey.length === 0) return answer(request, asked);
      plans ??= new SectionPlans(asked);
      return plans.plan(request) ? answer(plans.request ?? request, plans.section) : undefined;
    };
    const find = (asked: Asked, planned: FieldSection) => {
      if (notes !== undefined) notes.rules = planned.matched?.labels;
      return planned.asks === "more" ? undefined : this.#answer(asked, planned);
    };
    const lend = (asked: Asked, planned: FieldSection) => {
      if (notes !== undefined) notes.rules = planned.matched?.labels;
      return planned.asks === "whole" ? this.#lent(asked, planned, peer) : undefined;
    };
    return {
      find: (request) => {
        const { method } = request;
        const answer = method === "GET" || method === "HEAD" ? answered(request, find) : undefined;
        if (told !== undefined) answer?.tell(told.line(request));
        if (notes !== undefined) answer?.note(notes, request);
        return answer;
      },
      findLent: (request) => {
        const answer = request.method === "GET" ? answered(request, lend) : undefined;
        if (told !== undefined) answer?.tell(told.line(request));
        if (notes !== undefined) answer?.note(notes, request);
        return answer;
      },
    };
  }

  /** Straight from the memory of the store. */
  #lent(request: Asked, section: FieldSection, peer: Peer): AnswerInPlace | undefined {
    const hit = findInPlace(request, section, this.#edge);
    if (hit === undefined) return undefined;
    const { response, left, age } = hit;
    const { status, sent, bodyAt, bodyEnd } = response;
    const length = bodyEnd - bodyAt;
    if (sent === "rewritten" || status === 204 || length > COPIED_AT_MOST) return undefined;
    const begin = statusLine(status) + peer.ownLines;
    return this.#answerInPlace.of(
      response,
      section.site,
      begin,
      lengthLine(sent, length) + this.#ofTheMoment(left, age, undefined),
      left,
    );
  }

  #section(request: RequestHead, peer: Peer): FieldSection {
    const came = this.#addressing.of(request.fields.section, request.host, peer);
    const rules = came === undefined ? SAFE_RULES : rulesOf(this.#edge, came.site);
    return FieldSection.of(request, came, this.#edge.id, rules);
  }

  #answer(request: Asked, section: FieldSection): HitAnswer | undefined {
    const hit = findHit(request, section, this.#edge);
    if (hit === undefined) return undefined;
    const whole = section.asks === "whole" && request.method === "GET" ? this.#whole(hit) : undefined;
    const answer = whole ?? this.#inPart(section.requestFor(request), section, hit);
    if (answer !== undefined) noteHit(hit, answer, section, this.#edge);
    return answer;
  }

  /** The fields stand in the store as they are sent. */
  #whole({ stored, form, left, age }: CacheHit): HitAnswer | undefined {
    const { status, chunks, bodyLength, sent, clientFields } = form.response;
    if (sent === "rewritten" || status === 204 || chunks.length > 1 || bodyLength > LARGEST_BODY)
      return undefined;
    const length = lengthLine(sent, bodyLength);
    const head = statusLine(status) + clientFields.lines + length + this.#ofTheMoment(left, age, form.name);
    return new HitAnswer(head, chunks[0], { status, left, form: form.name }, stored, this.#clients);
  }

  #ofTheMoment(left: number, age: number, form: EncodingName | undefined): string {
    const last = this.#lastLines;
    if (last.left === left && last.age === age && last.form === form) return last.lines;
    const detail = form === undefined ? "" : `; detail=${form}`;
    const lines = `Age: ${age}\r\nCache-Status: ${this.#hit}${left}${detail}\r\nX-Cache: HIT\r\n${KEEP_ALIVE}\r\n`;
    this.#lastLines = { left, age, form, lines };
    return lines;
  }

  #inPart(request: CacheRequest, section: FieldSection, hit: CacheHit): HitAnswer | undefined {
    const { response } = hit.form;
    if (section.asks === "part" && response.sent !== "rewritten") {
      const head = { status: response.status, fields: response.clientFields };
      if (preconditions(request, head, response.entityTag) === "not-modified") return this.#notModified(hit);
    }
    return this.#represented(request, hit);
  }

  /** The client has it already. */
  #notModified({ stored, form, left, age }: CacheHit): HitAnswer {
    const lines = this.#notModifiedLines.of(form.response);
    const head = statusLine(304) + lines + this.#ofTheMoment(left, age, form.name);
    return new HitAnswer(head, undefined, { status: 304, left, form: form.name }, stored, this.#clients);
  }

  /** A part of it, its head alone, or that it has not been modified: by the functions of the full path. */
  #represented(request: CacheRequest, { stored, form, left, age }: CacheHit): HitAnswer | undefined {
    const represented = representStored(request, form.response);
    const { content } = represented;
    if (content.kind === "stream") return undefined;
    const served = { ...represented, outcome: { kind: "hit", ttl: left, detail: form.name }, age } as const;
    const { method } = request;
    const head = responseHead(served, { edge: this.#edge.id, method, date: this.#date.value });
    if (head === undefined) return undefined;
    const chunks = content.kind === "bytes" && head.length !== "none" ? content.chunks : [];
    if (chunks.length > 1 || (chunks[0]?.byteLength ?? 0) > LARGEST_BODY) return undefined;
    const said = { status: represented.status, left, form: form.name };
    return new HitAnswer(`${head.text}${KEEP_ALIVE}\r\n`, chunks[0], said, stored, this.#clients);
  }
}

function lengthLine(sent: SentFields, length: number): string {
  return sent === "as-stored" ? "" : `Content-Length: ${length}\r\n`;
}

/** What the access log and the metrics say of it. */
interface Said {
  readonly status: number;
  readonly left: number;
  readonly form: EncodingName | undefined;
}

/** An answer whose client may be slow to take it. */
class HitAnswer implements AnswerAtOnce {
  head: string;
  readonly body: Uint8Array | undefined;
  readonly #said: Said;
  readonly #stored: CacheHit["stored"];
  readonly #clients: SlowClients;
  #note: HitNote | undefined;

  constructor(
    head: string,
    body: Uint8Array | undefined,
    said: Said,
    stored: CacheHit["stored"],
    clients: SlowClients,
  ) {
    this.head = head;
    this.body = body;
    this.#said = said;
    this.#stored = stored;
    this.#clients = clients;
  }

  get status(): number {
    return this.#said.status;
  }

  /** Of its content. */
  get bytes(): number {
    return this.body?.byteLength ?? 0;
  }

  /** A line of the edge's own. */
  tell(line: string): void {
    this.head = withOwnLines(this.head, line);
  }

  /** In the access log and in traces. */
  note(notes: HitNotes, request: RequestHead): void {
    const { status, left, form } = this.#said;
    this.#note = notes.hit(request, status, this.bytes, left, form);
  }

  waits(exchange: Exchange): void {
    const content = bytesContent(this.body === undefined ? [] : [this.body]);
    const sending = { exchange, served: { stored: this.#stored, content } };
    const place = this.#clients.add(sending);
    exchange.onEnd = () => place.leave();
    this.#note?.waits(exchange);
  }
}
