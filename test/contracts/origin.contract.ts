import { expect } from "chai";
import type { Origin } from "../../edge/origin/origin.ts";
import { Failure } from "../../process/failure.ts";
import { failureOf, get, never, stopAfterEach, textOf } from "../rig/fetching.ts";

/** Makes an origin that has these files, by path; and says how to take it away again. */
export type MakeOrigin = (
  files: Readonly<Record<string, Buffer>>,
) => Promise<{ readonly origin: Origin; stop(): Promise<unknown> }>;

/** What the edge relies on, whatever the origin is. */
export function originContract(make: MakeOrigin): void {
  const stopLater = stopAfterEach();
  const large = Buffer.alloc(3_000_000, "0123456789");
  const files = { "/small.txt": Buffer.from("small"), "/large.bin": large, "/empty.txt": Buffer.alloc(0) };

  async function start(): Promise<Origin> {
    const { origin, stop } = await make(files);
    stopLater(stop);
    return origin;
  }

  it("gives each file with its length and all of its bytes", async () => {
    const origin = await start();
    for (const [path, content] of Object.entries(files)) {
      const response = await origin.fetch(get(path), never);
      expect(response.status).to.equal(200);
      expect(response.fields.get("content-length")).to.equal(String(content.byteLength));
      expect(await textOf(response)).to.equal(content.toString());
    }
  });

  it("gives HEAD the length without the bytes", async () => {
    const origin = await start();
    const response = await origin.fetch({ ...get("/large.bin"), method: "HEAD" }, never);
    expect(response.fields.get("content-length")).to.equal(String(large.byteLength));
    expect(await textOf(response)).to.equal("");
  });

  it("has a response, not a failure, for what does not exist", async () => {
    const origin = await start();
    expect((await origin.fetch(get("/missing"), never)).status).to.equal(404);
  });

  it("serves on after readers that left early, or never began", async () => {
    const origin = await start();
    for (let i = 0; i < 100; i++) {
      const { body } = await origin.fetch(get("/large.bin"), never);
      if (i % 2 === 0) await body[Symbol.asyncIterator]().return?.();
      else for await (const _ of body) break;
    }
    expect(await textOf(await origin.fetch(get("/small.txt"), never))).to.equal("small");
  });

  it("fails with the signal's reason when it aborts, before the fetch or inside the body", async () => {
    const origin = await start();
    const reason = new Failure("left", "client", "The client left.");
    expect(await failureOf(origin.fetch(get("/small.txt"), AbortSignal.abort(reason)))).to.equal(reason);
    const giveUp = new AbortController();
    const { body } = await origin.fetch(get("/large.bin"), giveUp.signal);
    const reading = async () => {
      for await (const _ of body) giveUp.abort(reason);
    };
    expect(await failureOf(reading())).to.equal(reason);
  });

  it("can be reached", async () => {
    await (await start()).probe();
  });
}
