import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { SeverablePurgeLog } from "../model/severable-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin, type Reply } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const MODIFIED = "Thu, 26 Nov 2026 12:00:00 GMT";
const A_SECOND_LATER = "Thu, 26 Nov 2026 12:00:01 GMT";

/** The origin's only validator is a date of whole seconds. The edge fetches the page, which changes once more. */
describe("a page that changes within the second of its Last-Modified", () => {
  let origin: HttpOrigin;
  let purgeLog: SeverablePurgeLog;
  let edge: TestEdge;
  let version: string;

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    purgeLog = new SeverablePurgeLog(systemClock);
    edge = await startTestEdge(origin.url, { purgeLog });
  });

  afterEach(async () => {
    purgeLog.heal();
    await edge.stop();
    await origin.stop();
  });

  const fetchedAt = async (date: string): Promise<void> => {
    origin.answer("/page", (request): Reply => {
      const fields: [string, string][] = [
        ["Cache-Control", "max-age=2147483648"],
        ["Last-Modified", MODIFIED],
        ["Date", date],
      ];
      return request.header("if-modified-since") === undefined
        ? { fields, body: version }
        : { status: 304, fields };
    });
    await get(edge.url, "/page");
    version = "new";
  };

  const lapse = async (): Promise<void> => {
    purgeLog.cut();
    await until("the lease has run out", async () => (await stats(edge.control)).state === "lapsed");
  };

  it("is fetched whole by an edge without a lease, which a purge has not reached", async () => {
    await fetchedAt(MODIFIED);
    await lapse();
    expect((await get(edge.url, "/page")).text).to.equal("new");
  });

  it("is fetched whole after a soft purge", async () => {
    await fetchedAt(MODIFIED);
    await purge(edge.control, { $case: "url", url: "/page" }, { soft: true });
    expect((await get(edge.url, "/page")).text).to.equal("new");
  });

  it("is validated when it was fetched a second later, so that the date tells versions apart", async () => {
    await fetchedAt(A_SECOND_LATER);
    await lapse();
    expect((await get(edge.url, "/page")).header("x-cache")).to.equal("REVALIDATED");
  });
});
