import { expect } from "chai";
import { LogWriter } from "./log-writer.ts";

/** A sink that finishes when it is told to. */
class SlowSink {
  readonly taken: string[] = [];
  #done: ((isOut: boolean) => void) | undefined;

  readonly sink = (bytes: Uint8Array, done: (isOut: boolean) => void): void => {
    this.taken.push(Buffer.from(bytes).toString());
    this.#done = done;
  };

  finish(isOut: boolean): void {
    this.#done?.(isOut);
  }
}

describe("LogWriter", () => {
  let slow: SlowSink;
  let writer: LogWriter;
  beforeEach(() => {
    slow = new SlowSink();
    writer = new LogWriter(slow.sink, 10);
  });

  it("writes a line at once, and those that follow together when it is out", () => {
    writer.write("a\n");
    writer.write("b\n");
    writer.write("c\n");
    expect(slow.taken).to.deep.equal(["a\n"]);
    slow.finish(true);
    expect(slow.taken).to.deep.equal(["a\n", "b\nc\n"]);
    expect(writer.dropped).to.equal(0);
  });

  it("holds as many bytes as it may, what the sink has included, and drops the lines beyond", () => {
    writer.write("1234\n");
    writer.write("6789\n");
    expect(writer.dropped).to.equal(0);
    writer.write("\n");
    expect(writer.dropped).to.equal(1);
  });

  it("holds 1 MiB unless told otherwise", () => {
    const mebibyte = `${"x".repeat(2 ** 20 - 1)}\n`;
    const [full, tooFull] = [new LogWriter(slow.sink), new LogWriter(slow.sink)];
    full.write(mebibyte);
    tooFull.write(`x${mebibyte}`);
    expect([full.dropped, tooFull.dropped]).to.deep.equal([0, 1]);
  });

  it("tells how many lines were dropped when lines go out again", () => {
    const roomy = new LogWriter(slow.sink, 200);
    roomy.write("a\n");
    for (let i = 0; i < 3; i++) roomy.write(`${"b".repeat(199)}\n`);
    roomy.write("c\n");
    slow.finish(true);
    const [first, told, ...more] = slow.taken.slice(1).join("").trimEnd().split("\n");
    expect([first, more]).to.deep.equal(["c", []]);
    expect(JSON.parse(told ?? "")).to.include({ level: 40, lines: 3, msg: "log lines were dropped" });
    slow.finish(true);
    expect(slow.taken, "it is told once").to.have.length(2);
  });

  it("counts the lines that the sink lost, and tries the next ones", () => {
    writer.write("a\n");
    writer.write("b\n");
    slow.finish(false);
    expect(writer.dropped).to.equal(1);
    slow.finish(false);
    expect(writer.dropped).to.equal(2);
    writer.write("c\n");
    expect(slow.taken).to.deep.equal(["a\n", "b\n", "c\n"]);
  });

  it("is not upset by a sink that finishes at once, whether it writes or loses", () => {
    for (const isOut of [true, false]) {
      const at: string[] = [];
      const quick = new LogWriter((bytes, done) => {
        at.push(Buffer.from(bytes).toString());
        done(isOut);
      });
      for (let i = 0; i < 20_000; i++) quick.write("line\n");
      expect([at.length, quick.dropped]).to.deep.equal([20_000, isOut ? 0 : 20_000]);
    }
  });
});
