import { expect } from "chai";
import { RawOrigin } from "./raw-origin.ts";
import { type Ending, SteadyLoad } from "./steady-load.ts";

const PAGES = new Map([["/page", Buffer.from("whole")]]);
const HEAD = "HTTP/1.1 200 OK\r\nX-Served-By: edge-1\r\n";

describe("a steady load", () => {
  for (const [bytes, ending, servedBy] of [
    [`${HEAD}Content-Length: 5\r\n\r\nwhole`, "whole", "edge-1"],
    [`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n`, "whole", "edge-1"],
    [`${HEAD}Content-Length: 5\r\n\r\nwhale`, "wrong", "edge-1"],
    [`${HEAD}Content-Length: 4\r\n\r\nwhol`, "wrong", "edge-1"],
    [`${HEAD}Connection: close\r\n\r\nwhol`, "wrong", "edge-1"],
    [`${HEAD}Content-Length: 5\r\n\r\nwhol`, "cut", "edge-1"],
    [`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n`, "cut", "edge-1"],
    ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "lost", undefined],
    ["", "lost", undefined],
  ] as const satisfies readonly (readonly [string, Ending, string | undefined])[]) {
    it(`calls ${JSON.stringify(bytes.slice(bytes.indexOf("\r\n") + 2))} ${ending}`, async () => {
      const origin = await RawOrigin.start((socket) => socket.end(bytes));
      const load = SteadyLoad.start(origin.url.origin, PAGES, [["/page"]]);
      await load.stop();
      await origin.stop();
      expect(load.asked.map((one) => [one.ending, one.servedBy])).to.deep.equal([[ending, servedBy]]);
      expect(load.lost.length).to.equal(ending === "lost" || ending === "wrong" ? 1 : 0);
      expect(load.broken.length).to.equal(ending === "whole" ? 0 : 1);
    });
  }
});
