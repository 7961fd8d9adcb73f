import { Fields } from "../../../http/message/fields.ts";
import type { Trailers } from "../../../http/message/trailers.ts";
import type { Content, Served, StreamContent } from "../../cache/answer.ts";
import { bytesContent, NO_CONTENT } from "../../cache/answer.ts";
import type { EdgeRequest } from "../../cache/serve.ts";
import { encodingOf } from "../../store/stored-response.ts";
import type { Copies } from "./copies.ts";
import { rawFields, taken } from "./given-responses.ts";
import type { Answered, FromWorker, ToWorker } from "./messages.ts";

/** One request that the control thread answers. */
interface Question {
  readonly request: EdgeRequest;
  readonly answered: PromiseWithResolvers<Served>;
  readonly arriving: ArrivingContent;
  body: AsyncIterator<Uint8Array> | undefined;
  /** Of its answer. */
  trailers: Trailers | undefined;
}

/** The cache of an edge as one of its serving threads sees it: each request is answered by the control thread. */
export class AskingCache {
  readonly #send: (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;
  readonly #copies: Copies;
  readonly #questions = new Map<number, Question>();
  #lastId = 0;

  constructor(send: (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void, copies: Copies) {
    this.#send = send;
    this.#copies = copies;
  }

  async serve(request: EdgeRequest): Promise<Served> {
    this.#lastId += 1;
    const id = this.#lastId;
    const arriving = new ArrivingContent({
      took: (bytes) => this.#send({ kind: "took", id, bytes }),
      ended: (isWhole) => {
        this.#questions.delete(id);
        if (!isWhole) this.#send({ kind: "cancelled", id });
      },
    });
    const question: Question = {
      request,
      answered: Promise.withResolvers(),
      arriving,
      body: undefined,
      trailers: undefined,
    };
    this.#questions.set(id, question);
    const { fields, body, onInterim: _, left, ...asked } = request;
    // Spread takes getters too, and this one makes a signal for each request.
    left?.addEventListener("abort", () => this.#send({ kind: "left", id }), { once: true });
    this.#send({
      kind: "ask",
      id,
      asked: { ...asked, fields: rawFields(fields), hasBody: body !== undefined },
    });
    return await question.answered.promise;
  }

  /** Takes what the control thread says of a request. */
  take(message: Extract<ToWorker, { readonly id: number }>): void {
    const question = this.#questions.get(message.id);
    // The client has left meanwhile.
    if (question === undefined) return;
    switch (message.kind) {
      case "interim":
        question.request.onInterim?.(message.status, Fields.ofRaw(message.fields));
        break;
      case "body-wanted":
        void this.#sendBody(message.id, question);
        break;
      case "answered":
        question.trailers = message.answered.trailers;
        question.answered.resolve(this.#served(message.answered, question));
        if (message.answered.content.kind !== "stream") this.#questions.delete(message.id);
        break;
      case "content":
        if (message.trailers !== undefined && question.trailers !== undefined)
          question.trailers.raw = message.trailers;
        question.arriving.came(message.piece);
        break;
      case "content-broken":
        // Where it breaks before the answer, there is none.
        question.answered.reject(new Error(message.message));
        question.arriving.broke(message.message);
        this.#questions.delete(message.id);
    }
  }

  #served({ fields, content, copies, ...head }: Answered, { arriving }: Question): Served {
    const served = { ...head, fields: Fields.ofRaw(fields) };
    const responses = copies?.responses.map(taken) ?? [];
    if (copies !== undefined) this.#copies.keep(copies.key, copies.ticket, responses);
    return {
      ...served,
      content: contentOf(
        content,
        responses.flatMap((stored) => encodingOf(stored, head.form)?.chunks ?? stored.chunks),
        arriving,
      ),
    };
  }

  /** Sends the next piece. Never rejects. */
  async #sendBody(id: number, question: Question): Promise<void> {
    try {
      question.body ??= question.request.body?.[Symbol.asyncIterator]();
      const next = await question.body?.next();
      const piece = next === undefined || next.done === true ? undefined : new Uint8Array(next.value);
      this.#send({ kind: "body", id, piece }, piece === undefined ? [] : [piece.buffer]);
    } catch (thrown) {
      this.#send({
        kind: "body-broken",
        id,
        message: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  }
}

function contentOf(
  content: Answered["content"],
  copied: readonly Uint8Array[],
  arriving: ArrivingContent,
): Content {
  switch (content.kind) {
    case "none":
      return NO_CONTENT;
    case "bytes":
      return bytesContent(content.chunks);
    case "copied":
      return bytesContent(copied);
    case "stream":
      return arriving.as(content.length);
  }
}

interface Arrival {
  readonly took: (bytes: number) => void;
  /** Called once. `isWhole`: the last byte has come, or it has broken off by itself. */
  readonly ended: (isWhole: boolean) => void;
}

/** The content of one answer, as the control thread sends it. */
class ArrivingContent {
  readonly #arrival: Arrival;
  readonly #pieces: Uint8Array[] = [];
  #news: PromiseWithResolvers<void> | undefined;
  #isWhole = false;
  #broken: string | undefined;
  #isOver = false;

  constructor(arrival: Arrival) {
    this.#arrival = arrival;
  }

  came(piece: Uint8Array | undefined): void {
    if (piece === undefined) this.#isWhole = true;
    else this.#pieces.push(piece);
    this.#news?.resolve();
  }

  broke(message: string): void {
    this.#broken = message;
    this.#news?.resolve();
  }

  as(length: number | undefined): StreamContent {
    return { kind: "stream", length, read: () => this.#read(), cancel: () => this.#end(false) };
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) {
          yield piece;
          this.#arrival.took(piece.byteLength);
        } else if (this.#broken !== undefined) throw new Error(this.#broken);
        else if (this.#isWhole) return;
        else {
          this.#news = Promise.withResolvers();
          await this.#news.promise;
          this.#news = undefined;
        }
      }
    } finally {
      this.#end(this.#isWhole || this.#broken !== undefined);
    }
  }

  #end(isWhole: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#arrival.ended(isWhole);
  }
}
