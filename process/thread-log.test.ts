import { expect } from "chai";
import { pino } from "pino";
import { threadLog, writeThreadLine } from "./thread-log.ts";

describe("the log of a thread", () => {
  it("comes out of the log of another thread at its level, with its fields and those of that thread", () => {
    const written: Record<string, unknown>[] = [];
    const log = pino({ level: "debug", base: null }, { write: (line) => written.push(JSON.parse(line)) });
    const own = threadLog("info", (line) => writeThreadLine(line, log, { worker: 2 }));
    own.debug("not logged");
    own.info({ port: 80 }, "listens");
    own.warn("late");
    own.error({ cause: "x" }, "failed");
    expect(written.map(({ time: _time, ...rest }) => rest)).to.deep.equal([
      { level: 30, port: 80, worker: 2, msg: "listens" },
      { level: 40, worker: 2, msg: "late" },
      { level: 50, cause: "x", worker: 2, msg: "failed" },
    ]);
  });

  it("keeps the kind by which lines are sampled", () => {
    const seen: unknown[] = [];
    const log = pino({ hooks: { logMethod: (args) => void seen.push(args[0]) } }, { write: () => undefined });
    threadLog("info", (line) => writeThreadLine(line, log, { worker: 1 })).warn(
      { sampled: "limit" },
      "refused",
    );
    expect(seen).to.deep.equal([{ sampled: "limit", worker: 1 }]);
  });
});
