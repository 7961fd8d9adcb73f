import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const PAGE = {
  fields: [["Cache-Control", "max-age=60"] as const, ["Content-Type", "text/html"] as const],
  body: "a line of the page\n".repeat(400),
};

describe("an edge that ends", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let threads: Worker[];
  const note = (thread: Worker) => threads.push(thread);

  beforeEach(async () => {
    threads = [];
    process.on("worker", note);
    origin = await HttpOrigin.start({ "/a": PAGE, "/b": PAGE });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
    process.off("worker", note);
  });

  const start = async (drain: number) => {
    const rules = { ...SAFE_RULES, compress: { ...NO_COMPRESSION, codings: contentCodings } };
    edge = await startTestEdge(origin.url, { drain, rules });
  };

  const codingOf = async (path: string) =>
    (await get(edge.url, path, { headers: { "Accept-Encoding": "br" } })).header("content-encoding");

  it("ends its encoding thread when it drains, keeps what is made, and makes no more", async () => {
    await start(0);
    await until("/a is encoded", async () => (await codingOf("/a")) === "br");
    const [thread] = threads;
    if (thread === undefined) throw new Error("no thread has encoded it");
    const ended = once(thread, "exit");
    await edge.drain();
    await ended;
    for (let time = 0; time < 3; time += 1)
      expect([await codingOf("/a"), await codingOf("/b")]).to.deep.equal(["br", undefined]);
    expect(threads).to.deep.equal([thread]);
  });

  it("starts no thread for an answer that comes while it stops", async () => {
    await start(10_000);
    const half = origin.hold("/a", "body");
    const answer = codingOf("/a");
    await origin.received("/a");
    const stopped = edge.stop();
    half.open();
    await answer;
    await stopped;
    expect(threads).to.deep.equal([]);
  });
});
