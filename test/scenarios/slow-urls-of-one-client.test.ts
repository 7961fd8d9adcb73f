import { connect } from "node:net";
import { expect } from "chai";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const SHARE = 4;

describe("one client that asks for slow URLs", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    origin = await HttpOrigin.start({
      "/slow": { fields: [["Cache-Control", "max-age=60"]], body: "slow" },
      "/often": {
        fields: [["Cache-Control", "max-age=0, stale-while-revalidate=600"]],
        body: "often",
      },
      "/quick": { fields: [["Cache-Control", "max-age=60"]], body: "quick" },
    });
    edge = await startTestEdge(origin.url, {
      rules: { ...SAFE_RULES, originPlaces: 2 * SHARE, originPlacesPerClient: SHARE },
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const ask = (client: string, target: string): Promise<Reply> =>
    get(edge.url, target, { headers: { "X-Forwarded-For": client } });

  it("has at most its share of the places at the origin, and others are served", async () => {
    const gate = origin.hold("/slow", "fields");
    const slow = Array.from({ length: 2 * SHARE }, (_, n) => ask("192.0.2.1", `/slow?${n}`));
    await origin.received("/slow", SHARE);
    expect((await ask("192.0.2.2", "/quick")).text).to.equal("quick");
    expect(origin.count("/slow")).to.equal(SHARE);
    gate.open();
    for (const reply of await Promise.all(slow)) expect(reply.text).to.equal("slow");
  });

  it("does not hold up others who want the page that it waits for", async () => {
    const gate = origin.hold("/slow", "fields");
    const slow = Array.from({ length: SHARE }, (_, n) => ask("192.0.2.1", `/slow?${n}`));
    await origin.received("/slow", SHARE);
    const waits = ask("192.0.2.1", "/quick");
    expect((await ask("192.0.2.2", "/quick")).text).to.equal("quick");
    gate.open();
    expect((await waits).text).to.equal("quick");
    await Promise.all(slow);
  });

  it("counts once for a page that many of its requests share", async () => {
    const gate = origin.hold("/slow", "fields");
    const same = Array.from({ length: 10 * SHARE }, () => ask("192.0.2.1", "/slow"));
    await origin.received("/slow");
    expect((await ask("192.0.2.1", "/quick")).text).to.equal("quick");
    gate.open();
    await Promise.all(same);
    expect(origin.count("/slow")).to.equal(1);
  });

  it("keeps a place until the last byte of a body, and gives it back when it leaves", async () => {
    const gate = origin.hold("/slow", "body");
    const leaving = new AbortController();
    const slow = Array.from({ length: SHARE }, (_, n) =>
      fetch(`${edge.url}/slow?${n}`, {
        headers: { "X-Forwarded-For": "192.0.2.1", "Cache-Control": "no-store" },
        signal: leaving.signal,
      }),
    );
    await Promise.all(slow);
    const waits = ask("192.0.2.1", "/quick");
    await ask("192.0.2.2", "/quick?2");
    expect(origin.requests().map(({ target }) => target)).not.to.include("/quick");
    leaving.abort();
    expect((await waits).text).to.equal("quick");
    gate.open();
  });

  it("gives its places back when it leaves before the origin answers", async () => {
    const gate = origin.hold("/slow", "fields");
    const { hostname: host, port } = new URL(edge.url);
    const leaving = Array.from({ length: SHARE }, (_, n) => {
      const socket = connect({ host, port: Number(port) });
      socket.write(`GET /slow?${n} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`);
      return socket;
    });
    await origin.received("/slow", SHARE);
    // A client that only closes its sending half may still read.
    for (const socket of leaving) socket.resetAndDestroy();
    expect((await ask("192.0.2.1", "/quick")).text).to.equal("quick");
    gate.open();
  });

  it("takes none of its own places with refreshes in the background, which have a share of theirs", async () => {
    const pages = Array.from({ length: 2 * SHARE }, (_, n) => `/often?${n}`);
    for (const page of pages) await ask("192.0.2.1", page);
    const gate = origin.hold("/often", "fields");
    for (const page of pages) expect((await ask("192.0.2.1", page)).header("x-cache")).to.equal("STALE");
    await origin.received("/often", pages.length + SHARE);
    expect((await ask("192.0.2.1", "/quick")).text).to.equal("quick");
    expect(origin.count("/often")).to.equal(pages.length + SHARE);
    gate.open();
    await origin.received("/often", 2 * pages.length);
  });

  it("gets 503 with a word and a time to try again when too many of its requests wait", async () => {
    const gate = origin.hold("/slow", "fields");
    const asked = Array.from({ length: SHARE + 251 }, (_, n) => ask("192.0.2.1", `/slow?${n}`));
    const refused = await Promise.race(asked);
    expect([refused.status, refused.header("retry-after") !== undefined]).to.deep.equal([503, true]);
    expect(refused.header("cache-status")).to.contain("detail=client-places");
    const metrics = await get(edge.operator, "/metrics");
    expect(metrics.text).to.match(/^edgecache_edge_places_refused_total\{.*reason="client-places"\} 1$/m);
    gate.open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(SHARE + 250);
  });
});
