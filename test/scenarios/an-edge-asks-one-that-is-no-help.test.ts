import { expect } from "chai";
import { ownerOf } from "../../edge/cache/peers/peer-choice.ts";
import { MARK, PEER } from "../../edge/cache/peers/peer-fields.ts";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { formatPosition } from "../../purge-log/position.ts";
import { Gate } from "../rig/gate.ts";
import { type Asking, ask, get, type Reply } from "../rig/http-client.ts";
import { type Answer, HttpOrigin, type SeenRequest } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const FRESH = [["Cache-Control", "max-age=600"]] as const;
// The pages that the other edge owns.
const PAGES = Array.from({ length: 200 }, (_, i) => `/page-${i}`).filter(
  (target) => ownerOf({ site: "default", target }, "edge-1", [{ id: "edge-9", address: "" }]) !== undefined,
);
const [PAGE = "", SECOND = "", THIRD = ""] = PAGES;

describe("an edge that asks another one", function () {
  this.timeout(30_000);
  let origin: HttpOrigin;
  /** What stands at the address of the other edge. */
  let other: HttpOrigin;
  let edge: TestEdge;
  let purgeLog: MemoryPurgeLog;

  beforeEach(async () => {
    origin = await HttpOrigin.start(
      Object.fromEntries(PAGES.map((page) => [page, { fields: FRESH, body: "of the origin" }])),
    );
    other = await HttpOrigin.start();
    purgeLog = new MemoryPurgeLog(systemClock);
    edge = await startTestEdge(origin.url, { purgeLog, peers: true });
    // So it is at a later place than the beginning of its history.
    await purge(edge.control, { $case: "url", url: "/other" });
    const [own] = await purgeLog.members();
    if (own === undefined) throw new Error("the edge has a row");
    await purgeLog.heartbeat({ ...own, edge: "edge-9", httpAddress: other.url.host, leaseMs: 30_000 });
    await until("the edge knows the other one", async () => (await metric("peers_live")) === 1);
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
    await other.stop();
  });

  const metric = async (name: string): Promise<number> => {
    const { text } = await get(edge.operator, "/metrics");
    const found = text.split("\n").find((line) => line.startsWith(`edgecache_edge_${name}`));
    return Number(found?.split(" ").at(-1));
  };
  const passedOver = (why: string): Promise<number> =>
    metric(`peers_passed_over_total{edge="edge-1",reason="${why}"}`);
  const read = (target: string, asking: Asking = {}): Promise<Reply> => get(edge.url, target, asking);
  /** The place that the request names, as the other edge would name its own. */
  const placeOf = (request: SeenRequest, seq?: number): string => {
    const said = JSON.parse(Buffer.from(request.header(PEER) ?? "", "base64url").toString());
    const [epoch = "", own = ""] = said.after.split("-");
    return `${encodeURIComponent(said.run)} ${epoch}-${seq ?? own}`;
  };
  const marked =
    (mark: (request: SeenRequest) => string): Answer =>
    (request) => ({ fields: [...FRESH, [MARK, mark(request)]], body: "of the other edge" });

  it("stores what it gets, and asks the origin for nothing", async () => {
    other.answer(PAGE, marked(placeOf));
    expect((await read(PAGE)).text).to.equal("of the other edge");
    expect((await read(PAGE)).header("X-Cache")).to.equal("HIT");
    expect(origin.count()).to.equal(0);
  });

  it("asks the origin beside it when it is silent, and leaves it alone then", async () => {
    const gate = other.hold(PAGE, "fields");
    expect((await read(PAGE)).text).to.equal("of the origin");
    expect(await passedOver("slow")).to.equal(1);
    expect((await read(SECOND)).text).to.equal("of the origin");
    expect(other.count()).to.equal(1);
    gate.open();
  });

  it("asks the origin when there is nobody", async () => {
    await other.stop();
    expect((await read(PAGE)).text).to.equal("of the origin");
    expect(await passedOver("unreachable")).to.equal(1);
    other = await HttpOrigin.start();
  });

  it("does not use what has no mark, or one of before its own", async () => {
    other.answer(PAGE, { fields: FRESH, body: "of a stranger" });
    other.answer(
      SECOND,
      marked((request) => placeOf(request, 0)),
    );
    other.answer(
      THIRD,
      marked((request) => `another ${placeOf(request).split(" ")[1]}`),
    );
    for (const page of [PAGE, SECOND, THIRD]) expect((await read(page)).text).to.equal("of the origin");
    expect(await passedOver("no-answer")).to.equal(1);
    expect(await passedOver("behind")).to.equal(2);
  });

  it("stores nothing of a body that breaks off", async () => {
    const killed = new Gate();
    other.answer(PAGE, (request) => ({
      fields: [...FRESH, ["Content-Length", "1000"], [MARK, placeOf(request)]],
      body: brokenOff(killed),
    }));
    const arriving = await ask(edge.url, PAGE);
    killed.open();
    const broken = await arriving.finish().then(
      () => "whole",
      () => "broken off",
    );
    expect(broken).to.equal("broken off");
    other.answer(PAGE, { fields: FRESH, body: "of a stranger" });
    expect((await read(PAGE)).text).to.equal("of the origin");
  });

  it("does not let it wait for itself when each takes the other one for the owner", async () => {
    other.answer(PAGE, async (request) => {
      const said = JSON.parse(Buffer.from(request.header(PEER) ?? "", "base64url").toString());
      const back = Buffer.from(JSON.stringify({ ...said, asker: "edge-9" })).toString("base64url");
      const { text, header } = await read(PAGE, {
        headers: { [PEER]: back, Host: request.header("Host") ?? "" },
      });
      return { fields: [...FRESH, [MARK, header(MARK) ?? ""]], body: `${text}, by the other edge` };
    });
    expect((await read(PAGE)).text).to.equal("of the origin, by the other edge");
    expect(await passedOver("slow")).to.equal(0);
    expect(origin.count()).to.equal(1);
  });

  it("answers nothing that leads back to it, and asks the origin", async () => {
    other.answer(PAGE, async (request) => {
      const headers = Object.fromEntries(
        ["CDN-Loop", "Via", PEER, "Host"].map((name) => [name, request.header(name) ?? ""]),
      );
      const { status } = await read(PAGE, { headers });
      return { status, fields: [[MARK, "no-answer"]], body: "looped" };
    });
    expect((await read(PAGE)).text).to.equal("of the origin");
    expect(other.count()).to.equal(1);
    expect(origin.count()).to.equal(1);
  });
});

async function* brokenOff({ passed }: Gate): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  await passed;
  throw new Error("the edge was killed");
}

describe("clients that forge what edges say to each other", () => {
  it("get what every client gets, and the origin hears nothing of it", async () => {
    const origin = await HttpOrigin.start({
      "/page": { fields: [...FRESH, [MARK, "forged 1-1"]], body: "page" },
    });
    const token = new Token("a-token-of-thirty-two-characters");
    const edge = await startTestEdge(origin.url, { peers: true, tokens: { token, readToken: undefined } });
    const said = { asker: "edge-2", run: "x", after: formatPosition({ epoch: 1, seq: 1 }) };
    const rest = { site: "default", scheme: "https", authority: "other.example" };
    const text = Buffer.from(JSON.stringify({ ...said, ...rest })).toString("base64url");
    for (const forged of [text, `${text}.x`, `${text}.${new Token("another").signatureOf(text)}`, "?"]) {
      const reply = await get(edge.url, "/page", { headers: { [PEER]: forged } });
      expect(reply.text).to.equal("page");
      expect(reply.header(MARK)).to.equal(undefined);
    }
    expect(origin.requests().some(({ header }) => header(PEER) !== undefined)).to.equal(false);
    await edge.stop();
    await origin.stop();
  });
});
