import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { type Batch, BatchQueue } from "./batch-queue.ts";
import { BatchWriter } from "./batch-writer.ts";
import { LineEnd } from "./line-end.ts";

describe("BatchWriter", () => {
  let clock: ManualClock;
  let taken: string[];
  let writer: BatchWriter;
  beforeEach(() => {
    clock = new ManualClock();
    taken = [];
    writer = new BatchWriter(clock, ({ bytes, lines }) => {
      const text = Buffer.from(bytes).toString();
      expect(text.match(/\n/g)).to.have.length(lines);
      taken.push(text);
    });
  });

  const pass = async (ms: number) => {
    await turn();
    clock.advance(ms);
    await turn();
  };

  /** The last char of the line is its end. */
  const write = (line: string) => writer.write(line.slice(0, -1), new LineEnd(line.slice(-1)));

  it("hands lines over together, 100 ms after the first one", async () => {
    write("a\n");
    await pass(99);
    write("b\n");
    expect(taken).to.deep.equal([]);
    await pass(1);
    expect(taken).to.deep.equal(["a\nb\n"]);
    write("c\n");
    await pass(100);
    expect(taken).to.deep.equal(["a\nb\n", "c\n"]);
    expect(clock.waiting).to.equal(0);
  });

  it("hands 256 KiB over at once", () => {
    const line = `${"x".repeat(1023)}\n`;
    for (let n = 0; n < 256; n++) write(line);
    expect(taken).to.deep.equal([]);
    write(line);
    expect(taken).to.deep.equal([line.repeat(256)]);
  });

  it("takes back the last line only, and none that is handed over", async () => {
    const a = write("a\n");
    const b = write("b\n");
    expect([a, b, b].map((line) => writer.takeBack(line))).to.deep.equal([false, true, false]);
    await pass(100);
    expect(taken).to.deep.equal(["a\n"]);
    const c = write("c\n");
    await pass(100);
    expect(writer.takeBack(c)).to.equal(false);
    expect(taken).to.deep.equal(["a\n", "c\n"]);
  });

  it("writes the same end any number of times", () => {
    const end = new LineEnd(" end\n");
    for (const begin of ["a", "b", "c"]) writer.write(begin, end);
    writer.close();
    expect(taken).to.deep.equal(["a end\nb end\nc end\n"]);
  });

  it("fills memory again only when its bytes are not used any more", () => {
    const held: { readonly batch: Batch; readonly free: () => void }[] = [];
    const holding = new BatchWriter(clock, (batch, free) => void held.push({ batch, free }));
    const fill = (char: string) => holding.write(char.repeat(262_143), new LineEnd("\n"));
    for (const char of ["a", "b", "c"]) fill(char);
    expect(held.map(({ batch }) => batch.bytes[0])).to.deep.equal(
      ["a", "b"].map((char) => char.charCodeAt(0)),
    );
    const [first] = held;
    first?.free();
    for (const char of ["d", "e"]) fill(char);
    const memory = held.map(({ batch }) => batch.bytes.buffer);
    expect(new Set(memory).size).to.equal(3);
    expect(held.at(-1)?.batch.bytes[0]).to.equal("d".charCodeAt(0));
    expect(memory.at(-1)).to.equal(memory[0]);
  });

  it("hands over what there is when it is closed, and later lines soon", async () => {
    write("a\n");
    writer.close();
    expect(taken).to.deep.equal(["a\n"]);
    await turn();
    write("b\n");
    await turn();
    expect(taken).to.deep.equal(["a\n", "b\n"]);
  });
});

describe("BatchQueue", () => {
  let given: string[];
  let finish: (isOut: boolean) => void;
  let dropped: number;
  let queue: BatchQueue;
  beforeEach(() => {
    given = [];
    dropped = 0;
    queue = new BatchQueue({
      sink: (bytes, done) => {
        given.push(Buffer.from(bytes).toString());
        finish = done;
      },
      dropped: (lines) => {
        dropped += lines;
      },
      mostBytes: 10,
    });
  });
  const batch = (text: string, lines = 1): Batch => ({ bytes: Buffer.from(text), lines });

  it("gives the sink one batch at a time, in order", () => {
    for (const text of ["a", "b", "c"]) queue.push(batch(text));
    expect(given).to.deep.equal(["a"]);
    finish(true);
    finish(true);
    expect(given).to.deep.equal(["a", "b", "c"]);
    expect(dropped).to.equal(0);
  });

  it("holds so many bytes, those of the sink included, and counts the lines that it drops", () => {
    queue.push(batch("12345", 2));
    queue.push(batch("67890", 2));
    expect(dropped).to.equal(0);
    queue.push(batch("x", 3));
    expect(dropped).to.equal(3);
    finish(true);
    queue.push(batch("again"));
    finish(true);
    expect([given, dropped]).to.deep.equal([["12345", "67890", "again"], 3]);
  });

  it("holds 4 MiB unless told otherwise", () => {
    let lost = 0;
    const usual = new BatchQueue({
      sink: () => undefined,
      dropped: (lines) => {
        lost += lines;
      },
    });
    usual.push({ bytes: Buffer.alloc(4 * 2 ** 20), lines: 1 });
    expect(lost).to.equal(0);
    usual.push(batch("x"));
    expect(lost).to.equal(1);
  });

  it("counts what the sink loses, and goes on", async () => {
    queue.push(batch("a", 4));
    queue.push(batch("b"));
    finish(false);
    expect([given, dropped]).to.deep.equal([["a", "b"], 4]);
    const emptied = queue.emptied();
    finish(true);
    await emptied;
    await queue.emptied();
  });
});
