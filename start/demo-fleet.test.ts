import { createServer } from "node:http";
import { expect } from "chai";
import { Failure } from "../process/failure.ts";
import { listen } from "../process/listen.ts";
import { freePort } from "../test/rig/free-port.ts";
import { DemoFleet } from "./demo-fleet.ts";

describe("the fleet as the demo site calls it", () => {
  it("purges by the next edge when one takes no connection", async () => {
    const server = createServer((_request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(
        '{"edges":[{"edge":"edge-2","state":"applied","ms":3.4},{"edge":"edge-1","state":"fenced","ms":1}]}',
      );
    });
    const port = await listen(server, "127.0.0.1", 0, "the test");
    try {
      const edges = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${port}`];
      const fleet = new DemoFleet(() => ({ router: "", edges }), undefined);
      expect(await fleet.purge("news")).to.equal("edge-2 applied after 3 ms, edge-1 fenced");
    } finally {
      server.close();
    }
  });

  it("says which edge takes no connection when none does", async () => {
    const edge = `http://127.0.0.1:${await freePort()}`;
    const thrown = await new DemoFleet(() => ({ router: "", edges: [edge] }), undefined)
      .purge("news")
      .catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Failure);
    expect(String(thrown)).to.contain(`${edge}/purge does not answer: `);
  });
});
