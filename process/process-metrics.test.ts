import { expect } from "chai";
import { processMetrics } from "./process-metrics.ts";

describe("the metrics of a process", () => {
  it("tell the version, and the process and Node figures by their usual names", async () => {
    const text = await processMetrics();
    expect(text).to.match(/^edgecache_build_info\{version="[^"]+",node="[^"]+"\} 1$/m);
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "nodejs_eventloop_lag_p99_seconds",
      "nodejs_heap_size_used_bytes",
    ])
      expect(text).to.match(new RegExp(`^${name} [0-9.e+-]+$`, "m"));
  });

  it("have nothing whose cost grows with the connections", async () => {
    expect(await processMetrics()).to.not.match(/^nodejs_active_/m);
  });

  it("are of the whole process, however often they are asked for", async () => {
    const [one, other] = [await processMetrics(), await processMetrics()];
    const names = (text: string) => text.split("\n").filter((line) => line.startsWith("# TYPE"));
    expect(names(one)).to.deep.equal(names(other));
  });
});
