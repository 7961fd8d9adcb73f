import { decodeHuffman } from "./huffman.ts";
import { STATIC_TABLE, type TableEntry } from "./static-table.ts";

/** RFC 7541 section 4.1: what an entry takes beside its name and value. */
const ENTRY_OVERHEAD = 32;

/** RFC 9113 section 6.5.2: the size that both sides begin with. We ask for no other. */
const TABLE_BYTES = 4_096;

// RFC 7541 section 4.2: one for the least size, one for the last. More are work without use.
const MOST_SIZE_UPDATES = 2;

/** Decoded name, value, name, value … `bytes`: with the overhead of each. Or why the block cannot be decoded. */
export type DecodedBlock =
  | { readonly kind: "fields"; readonly raw: readonly string[] }
  /** Nothing after it on this connection can be decoded either. */
  | { readonly kind: "fault"; readonly why: string }
  /** The list is longer than anybody needs. */
  | { readonly kind: "too-large" };

/** Names and values of the latest entries. */
class DynamicTable {
  /** The oldest first; those before `#first` have been evicted. */
  #entries: TableEntry[] = [];
  #first = 0;
  #bytes = 0;
  #most = TABLE_BYTES;

  /** `age`: 0 is the newest. */
  at(age: number): TableEntry | undefined {
    const index = this.#entries.length - 1 - age;
    return index < this.#first ? undefined : this.#entries[index];
  }

  add(entry: TableEntry): void {
    this.#entries.push(entry);
    this.#bytes += sizeOf(entry);
    this.#evict();
  }

  resize(most: number): void {
    this.#most = most;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#most) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) break;
      this.#bytes -= sizeOf(oldest);
      this.#first += 1;
    }
    // The table has 128 entries at most, so the evicted ones are few.
    if (this.#first > 256) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

function sizeOf({ name, value }: TableEntry): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

// An ordinary block has some hundred bytes.
const LONGEST_KEPT = 1024;

class Malformed extends Error {}

/**
 * Decodes the header blocks of one connection, in their order (RFC 7541). Text has one char a byte. While the other side repeats
 * a block that neither uses nor changes the dynamic table, as many servers do, the same list is handed out.
 */
export class HpackDecoder {
  readonly #table = new DynamicTable();
  readonly #mostBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** Whether the block has to do with the dynamic table. */
  #isDynamic = false;
  #last: { readonly bytes: Buffer; readonly decoded: DecodedBlock } | undefined;

  /** `mostBytes`: of a decoded list. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  decode(block: Buffer, from: number, end: number): DecodedBlock {
    this.#block = block;
    this.#at = from;
    this.#end = end;
    const last = this.#last;
    if (last?.bytes.length === end - from && last.bytes.compare(block, from, end) === 0) return last.decoded;
    this.#isDynamic = false;
    try {
      const decoded = this.#decode();
      const isKept = !this.#isDynamic && decoded.kind === "fields" && end - from <= LONGEST_KEPT;
      if (isKept) this.#last = { bytes: Buffer.from(block.subarray(from, end)), decoded };
      return decoded;
    } catch (thrown) {
      if (thrown instanceof Malformed) return { kind: "fault", why: thrown.message };
      throw thrown;
    }
  }

  #decode(): DecodedBlock {
    const raw: string[] = [];
    let bytes = 0;
    let updates = 0;
    while (this.#at < this.#end) {
      const first = this.#block[this.#at] ?? 0;
      // RFC 7541 section 6.3.
      if ((first & 0xe0) === 0x20) {
        updates += 1;
        const size = this.#integer(0x1f);
        if (raw.length > 0) throw new Malformed("a table size update behind a field");
        if (updates > MOST_SIZE_UPDATES || size > TABLE_BYTES) throw new Malformed("a table size update");
        this.#isDynamic = true;
        this.#table.resize(size);
        continue;
      }
      const entry = this.#field(first);
      bytes += sizeOf(entry);
      if (bytes > this.#mostBytes) return { kind: "too-large" };
      raw.push(entry.name, entry.value);
    }
    return { kind: "fields", raw };
  }

  #field(first: number): TableEntry {
    // RFC 7541 section 6.1: both are in a table.
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(0x7f));
    // RFC 7541 section 6.2: the name may be in a table. The entry is added to the dynamic one, or not.
    const isAdded = (first & 0x40) !== 0;
    const index = this.#integer(isAdded ? 0x3f : 0x0f);
    const name = index === 0 ? this.#string() : this.#indexed(index).name;
    const entry = { name, value: this.#string() };
    if (isAdded) {
      this.#isDynamic = true;
      this.#table.add(entry);
    }
    return entry;
  }

  #indexed(index: number): TableEntry {
    this.#isDynamic ||= index > STATIC_TABLE.length;
    const entry =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table.at(index - STATIC_TABLE.length - 1);
    if (entry === undefined) throw new Malformed(`there is no entry ${index}`);
    return entry;
  }

  /** RFC 7541 section 5.1. `mask`: of the prefix. */
  #integer(mask: number): number {
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      // 2^28 is more than any size or length here.
      if (shift > 21) throw new Malformed("an integer that is too large");
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** RFC 7541 section 5.2. */
  #string(): string {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#end) throw new Malformed("a string that is cut off");
    if (!isHuffman) return this.#block.toString("latin1", from, this.#at);
    const text = decodeHuffman(this.#block, from, this.#at);
    if (text === undefined) throw new Malformed("a string that is no Huffman code");
    return text;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new Malformed("a block that is cut off");
    const byte = this.#block[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }
}
