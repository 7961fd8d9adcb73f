import { Fields } from "../../../http/message/fields.ts";
import type { Trailers } from "../../../http/message/trailers.ts";
import { describeError } from "../../../process/failure.ts";
import { type Content, cancelContent, type Served } from "../../cache/answer.ts";
import type { CacheContext } from "../../cache/context.ts";
import { failureAnswer } from "../../cache/error-answer.ts";
import type { EdgeRequest } from "../../cache/serve.ts";
import { encodingOf, keptBytes, type StoredResponse } from "../../store/stored-response.ts";
import type { GivenKeys } from "./given-keys.ts";
import { given, rawFields } from "./given-responses.ts";
import type { Answered, Asked, FromWorker, ToWorker } from "./messages.ts";

// As the hit path: a larger body is sent in parts.
const LARGEST_COPY = 256 * 1024;
// Content on its way between two threads: as much as a socket takes at once.
const WINDOW = 256 * 1024;

/** One request of the serving thread. */
interface Question {
  readonly left: AbortController;
  content: Content;
  /** Bytes of content that were sent and not taken yet. */
  onItsWay: number;
  taken: PromiseWithResolvers<void> | undefined;
  piece: PromiseWithResolvers<Uint8Array | undefined> | undefined;
}

export interface AnsweringParts {
  readonly serve: (request: EdgeRequest) => Promise<Served>;
  readonly edge: Pick<CacheContext, "id" | "log" | "store">;
  readonly keys: GivenKeys;
  /** Whether a client of the thread may name a position of the purge log that the edge has not reached. */
  readonly mayBeAhead: (asked: Asked, fields: Fields) => boolean;
  readonly send: (message: ToWorker, transfer?: readonly ArrayBuffer[]) => void;
}

type Said = Extract<FromWorker, { readonly id: number }>;

/** Answers the requests of one serving thread, in the control thread. */
export class AnsweringPort {
  readonly #parts: AnsweringParts;
  readonly #questions = new Map<number, Question>();

  constructor(parts: AnsweringParts) {
    this.#parts = parts;
  }

  /** Takes what the thread says of a request. */
  take(message: Said): void {
    if (message.kind === "ask") {
      void this.#answer(message.id, message.asked);
      return;
    }
    const question = this.#questions.get(message.id);
    // It was answered meanwhile.
    if (question === undefined) return;
    switch (message.kind) {
      case "body":
        question.piece?.resolve(message.piece);
        break;
      case "body-broken":
        question.piece?.reject(new Error(message.message));
        break;
      case "took":
        question.onItsWay -= message.bytes;
        question.taken?.resolve();
        break;
      case "cancelled":
      case "left":
        this.#giveUp(question);
    }
  }

  /** The thread is gone, and its clients with it. */
  close(): void {
    for (const question of this.#questions.values()) this.#giveUp(question);
  }

  #giveUp(question: Question): void {
    question.left.abort();
    question.taken?.resolve();
    question.piece?.reject(new Error("the client has left"));
    cancelContent(question.content);
  }

  /** Never rejects. */
  async #answer(id: number, asked: Asked): Promise<void> {
    const question: Question = {
      left: new AbortController(),
      content: { kind: "none" },
      onItsWay: 0,
      taken: undefined,
      piece: undefined,
    };
    this.#questions.set(id, question);
    const { serve, edge } = this.#parts;
    const served = await serve(this.#request(id, asked, question)).catch((thrown: unknown) =>
      failureAnswer(thrown, "request", edge),
    );
    question.content = served.content;
    await this.#send(id, asked, served, question).catch((thrown: unknown) =>
      this.#parts.send({ kind: "content-broken", id, message: describeError(thrown) }),
    );
    this.#questions.delete(id);
  }

  #request(id: number, asked: Asked, question: Question): EdgeRequest {
    const { hasBody, ...rest } = asked;
    const fields = Fields.ofRaw(asked.fields);
    return {
      ...rest,
      fields,
      mayBeAhead: this.#parts.mayBeAhead(asked, fields),
      body: hasBody ? { [Symbol.asyncIterator]: () => this.#readBody(id, question) } : undefined,
      left: question.left.signal,
      onInterim: (status, lines) =>
        this.#parts.send({ kind: "interim", id, status, fields: [...lines].flat() }),
    };
  }

  async *#readBody(id: number, question: Question): AsyncGenerator<Uint8Array> {
    for (;;) {
      question.left.signal.throwIfAborted();
      question.piece = Promise.withResolvers();
      this.#parts.send({ kind: "body-wanted", id });
      const piece = await question.piece.promise;
      question.piece = undefined;
      if (piece === undefined) return;
      yield piece;
    }
  }

  async #send(id: number, asked: Asked, served: Served, question: Question): Promise<void> {
    const { fields, content, stored, ...head } = served;
    const answer = (how: Pick<Answered, "content" | "copies">): void =>
      this.#parts.send({ kind: "answered", id, answered: { ...head, fields: rawFields(fields), ...how } });
    const copies = this.#copiesOf(asked, served, stored);
    if (copies !== undefined) return answer({ content: { kind: "copied" }, copies });
    switch (content.kind) {
      case "none":
        return answer({ content });
      case "bytes":
        if (content.length <= LARGEST_COPY)
          return answer({
            content: { kind: "bytes", chunks: content.chunks.map((chunk) => new Uint8Array(chunk)) },
          });
        answer({ content: { kind: "stream", length: content.length } });
        return await this.#stream(id, inParts(content.chunks), question);
      case "stream":
        answer({ content: { kind: "stream", length: content.length } });
        return await this.#stream(id, content.read(0), question, served.trailers);
    }
  }

  /** Resolves when all of it is sent, and rejects when it breaks off. */
  async #stream(
    id: number,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    question: Question,
    trailers?: Trailers,
  ): Promise<void> {
    for await (const piece of pieces) {
      if (question.left.signal.aborted) return;
      const own = new Uint8Array(piece);
      question.onItsWay += own.byteLength;
      this.#parts.send({ kind: "content", id, piece: own }, [own.buffer]);
      while (question.onItsWay >= WINDOW && !question.left.signal.aborted) {
        question.taken = Promise.withResolvers();
        await question.taken.promise;
      }
    }
    this.#parts.send({ kind: "content", id, piece: undefined, trailers: trailers?.raw });
  }

  /** Of a hit that the thread could answer by itself the next time. */
  #copiesOf(
    { method, target }: Asked,
    { outcome, status, content, form }: Served,
    stored: StoredResponse | undefined,
  ): Answered["copies"] {
    const isPlainHit = outcome.kind === "hit" && outcome.detail === form && method === "GET";
    if (!isPlainHit || stored === undefined || stored.status !== status || stored.target !== target)
      return undefined;
    const { length } = encodingOf(stored, form) ?? { length: stored.bodyLength };
    if (content.kind !== "bytes" || content.length !== length) return undefined;
    const { key } = stored;
    const [only, ...others] = this.#parts.edge.store.peek(key);
    // Several variants are told apart by the control thread.
    if (only !== stored || others.length > 0 || keptBytes(stored) > LARGEST_COPY) return undefined;
    const ticket = this.#parts.keys.give(key, target);
    return ticket === undefined ? undefined : { ticket, key, responses: [given(stored)] };
  }
}

function* inParts(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const chunk of chunks)
    for (let from = 0; from < chunk.byteLength; from += WINDOW) yield chunk.subarray(from, from + WINDOW);
}
