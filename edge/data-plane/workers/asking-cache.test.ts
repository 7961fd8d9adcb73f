import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { StoreReader } from "../../store/store-reader.ts";
import { AskingCache } from "./asking-cache.ts";
import { Copies } from "./copies.ts";
import type { Answered, FromWorker } from "./messages.ts";
import { SharedStore } from "./shared-store.ts";
import { SharedWords } from "./shared-words.ts";

const HEAD = { status: 200, fields: [], outcome: { kind: "bypass", fwd: "method" } } as const;

describe("the cache as a serving thread sees it", () => {
  let sent: FromWorker[];
  let cache: AskingCache;

  beforeEach(() => {
    sent = [];
    const sources = {
      words: new SharedWords(undefined, 4),
      reader: new StoreReader(new SharedStore().words),
      marks: new Uint8Array(2 ** 16),
    };
    cache = new AskingCache((message) => sent.push(message), new Copies(sources, 1_000));
  });

  function ask(left?: AbortSignal) {
    const request = { method: "GET", target: "/", site: "s", scheme: "http", authority: "a" } as const;
    return cache.serve({ ...request, fields: Fields.none, body: undefined, left });
  }

  const answer = (id: number, content: Answered["content"]): void =>
    cache.take({ kind: "answered", id, answered: { ...HEAD, content } });

  async function read(served: Awaited<ReturnType<typeof ask>>): Promise<string> {
    if (served.content.kind !== "stream") throw new Error("no stream");
    const pieces: Uint8Array[] = [];
    for await (const piece of served.content.read(0)) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  const piece = (text: string): Uint8Array => new TextEncoder().encode(text);

  it("gives what the control thread sends, and says what was taken of it", async () => {
    const asked = ask();
    answer(1, { kind: "stream", length: undefined });
    cache.take({ kind: "content", id: 1, piece: piece("ab") });
    cache.take({ kind: "content", id: 1, piece: piece("c") });
    cache.take({ kind: "content", id: 1, piece: undefined });
    expect(await read(await asked)).to.equal("abc");
    expect(sent.slice(1)).to.deep.equal([
      { kind: "took", id: 1, bytes: 2 },
      { kind: "took", id: 1, bytes: 1 },
    ]);
  });

  it("breaks off where the control thread does, before an answer and inside of one", async () => {
    const [before, inside] = [ask(), ask()];
    cache.take({ kind: "content-broken", id: 1, message: "the origin failed" });
    answer(2, { kind: "stream", length: undefined });
    cache.take({ kind: "content-broken", id: 2, message: "the origin stopped" });
    expect(await before.catch(String)).to.equal("Error: the origin failed");
    expect(await read(await inside).catch(String)).to.equal("Error: the origin stopped");
  });

  it("says when its client has left, and when nobody reads an answer", async () => {
    const left = new AbortController();
    const asked = ask(left.signal);
    left.abort();
    answer(1, { kind: "stream", length: undefined });
    const { content } = await asked;
    if (content.kind === "stream") content.cancel();
    expect(sent.slice(1)).to.deep.equal([
      { kind: "left", id: 1 },
      { kind: "cancelled", id: 1 },
    ]);
  });
});
