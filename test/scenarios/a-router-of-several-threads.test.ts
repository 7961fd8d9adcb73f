import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { isServing, RouterProcess } from "../rig/router-process.ts";

const REQUESTS = 60;
const PAGE = "/hello.txt";

describe("a router whose port is served by several threads", () => {
  const parts = new AsyncDisposableStack();
  const edges: EdgeProcess[] = [];
  let router: RouterProcess;

  before(async () => {
    for (const id of ["edge-1", "edge-2"])
      edges.push(
        parts.adopt(await EdgeProcess.start({ id, origin: "assets" }), (edge) =>
          edge.runs ? edge.kill() : Promise.resolve(),
        ),
      );
    const flags = ["--edges", edges.map(({ control }) => control).join(), "--workers", "3"];
    router = parts.adopt(await RouterProcess.start(flags), (it) => it.close());
  });
  after(() => parts.disposeAsync());

  /** Each on a connection of its own, which the kernel gives to some thread. */
  const ask = async (): Promise<ReadonlySet<number>> =>
    new Set(
      await Promise.all(Array.from({ length: REQUESTS }, async () => (await get(router.base, PAGE)).status)),
    );

  it("answers at each of them, and tells the sum of what they have done", async () => {
    expect(await ask()).to.deep.equal(new Set([200]));
    const relayed = /^edgecache_router_requests_total\{outcome="relayed"\} (\d+)$/m.exec(
      await router.metrics(),
    );
    expect(Number(relayed?.[1])).to.equal(REQUESTS);
  });

  it("loses no request when an edge ends, whichever thread has it", async () => {
    const asked = Array.from({ length: 5 }, () => ask());
    await edges[0]?.kill();
    for (const statuses of await Promise.all(asked)) expect(statuses).to.deep.equal(new Set([200]));
    await router.until("edge-1 is gone", (rows) => !isServing(rows, "edge-1"));
    expect(await ask()).to.deep.equal(new Set([200]));
  });
});
