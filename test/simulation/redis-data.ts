/** A stream's entry: its id, and name, value, name, value … */
export type RawEntry = readonly [id: string, fields: readonly string[]];

export type Value =
  | { readonly type: "string"; readonly text: string; readonly until: number }
  | { readonly type: "hash"; readonly cells: Map<string, string> }
  | { readonly type: "stream"; readonly entries: RawEntry[]; last: string };

type Keys = Map<string, Value>;
type Change = (keys: Keys) => void;
/** All changes of one command or script: what stands in the file whole or not at all. */
type Piece = readonly Change[];

/** An error reply of Redis. */
export class RedisError extends Error {}

/**
 * The data of a Redis server, with the commands that our scripts and our strangers use, and the file that it
 * appends its writes to: each change is what that file holds of it, so that it can be done again.
 */
export class RedisData {
  readonly #keys: Keys = new Map();
  readonly #file: Piece[];
  #open: Change[] | undefined;

  constructor(file: readonly Piece[] = []) {
    this.#file = [...file];
    for (const piece of file) for (const change of piece) change(this.#keys);
  }

  /** What a server has that reads this file, or was sent it, of which the last `lost` pieces are missing. */
  reread(lost: number): RedisData {
    return new RedisData(this.#file.slice(0, Math.max(0, this.#file.length - lost)));
  }

  /** Everything that `work` changes is one piece of the file, as MULTI and EXEC around it. */
  transaction<T>(work: () => T): T {
    const outer = this.#open;
    if (outer !== undefined) return work();
    const changes: Change[] = [];
    this.#open = changes;
    try {
      return work();
    } finally {
      this.#open = undefined;
      if (changes.length > 0) this.#file.push(changes);
    }
  }

  type(key: string): Value["type"] | "none" {
    return this.#keys.get(key)?.type ?? "none";
  }

  stream(key: string): { readonly entries: readonly RawEntry[]; readonly last: string } {
    return typed(this.#keys, key, "stream") ?? { entries: [], last: "0-0" };
  }

  hash(key: string): ReadonlyMap<string, string> {
    return typed(this.#keys, key, "hash")?.cells ?? new Map();
  }

  get(key: string, now: number): string | undefined {
    const value = typed(this.#keys, key, "string");
    return value === undefined || value.until <= now ? undefined : value.text;
  }

  /** `until` in the server's milliseconds. */
  set(key: string, text: string, until = Number.POSITIVE_INFINITY): void {
    this.#change((keys) => keys.set(key, { type: "string", text, until }));
  }

  hset(key: string, cells: Readonly<Record<string, string>>): void {
    this.#change((keys) => {
      const value = typed(keys, key, "hash") ?? { type: "hash", cells: new Map() };
      for (const [name, text] of Object.entries(cells)) value.cells.set(name, text);
      keys.set(key, value);
    });
  }

  hdel(key: string, name: string): void {
    this.#change((keys) => typed(keys, key, "hash")?.cells.delete(name));
  }

  del(key: string): void {
    this.#change((keys) => keys.delete(key));
  }

  rename(key: string, to: string): void {
    this.#change((keys) => {
      const value = keys.get(key);
      if (value !== undefined) keys.set(to, value);
      keys.delete(key);
    });
  }

  flushAll(): void {
    this.#change((keys) => keys.clear());
  }

  /** `wanted` is an id, or `<milliseconds>-*`. Returns the id that it got. */
  xadd(key: string, wanted: string, fields: readonly string[]): string {
    const last = this.stream(key).last;
    const id = wanted.endsWith("-*") ? following(last, wanted.slice(0, -2)) : wanted;
    if (compareIds(id, last) <= 0) {
      throw new RedisError(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item",
      );
    }
    this.#change((keys) => {
      const value = typed(keys, key, "stream") ?? { type: "stream", entries: [], last: "0-0" };
      value.entries.push([id, fields]);
      value.last = id;
      keys.set(key, value);
    });
    return id;
  }

  /** XTRIM MAXLEN: the last id stays, also when no entry does. */
  xtrim(key: string, keep: number): void {
    this.#change((keys) => {
      const value = typed(keys, key, "stream");
      value?.entries.splice(0, value.entries.length - keep);
    });
  }

  xdel(key: string, id: string): void {
    this.#change((keys) => {
      const value = typed(keys, key, "stream");
      const index = value?.entries.findIndex(([other]) => other === id) ?? -1;
      if (index >= 0) value?.entries.splice(index, 1);
    });
  }

  #change(change: Change): void {
    this.transaction(() => {
      change(this.#keys);
      this.#open?.push(change);
    });
  }
}

function typed<T extends Value["type"]>(
  keys: Keys,
  key: string,
  type: T,
): Extract<Value, { type: T }> | undefined {
  const value = keys.get(key);
  if (value === undefined) return undefined;
  if (!isOf(value, type)) {
    throw new RedisError("WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  return value;
}

function isOf<T extends Value["type"]>(value: Value, type: T): value is Extract<Value, { type: T }> {
  return value.type === type;
}

function following(last: string, epoch: string): string {
  const [lastEpoch = "", lastSeq = ""] = last.split("-");
  return lastEpoch === epoch ? `${epoch}-${BigInt(lastSeq) + 1n}` : `${epoch}-0`;
}

/** Ids are two whole numbers below 2^64. */
export function compareIds(a: string, b: string): number {
  const [a1 = "", a2 = ""] = a.split("-");
  const [b1 = "", b2 = ""] = b.split("-");
  return compareDigits(a1, b1) || compareDigits(a2, b2);
}

/** Of whole numbers without leading zeros, the one with more digits is larger. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}
