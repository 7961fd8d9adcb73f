import { expect } from "chai";
import { NO_CONTROL } from "../../process/control/control-config.ts";
import { Token } from "../../process/control/tokens.ts";
import type { RouterConfig } from "../../router/config.ts";
import { FREE_TRIES } from "../../router/dashboard/login-pace.ts";
import { EventStream } from "../rig/event-stream.ts";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

const JSON_BODY = { "Content-Type": "application/json" };
const TOKENS = { token: new Token("full"), readToken: new Token("reading") };

describe("the dashboard of a router with a token", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  let base: string;

  async function start(config: Partial<RouterConfig> = {}): Promise<void> {
    const edges = { kind: "listed", grpcAddresses: [edge.control] } as const;
    const control = { ...NO_CONTROL, tokens: TOKENS };
    router = await startTestRouter([], { edges, ...control, host: "0.0.0.0", ...config });
    // It is reached by loopback here; what counts is where the port listens.
    base = router.admin;
  }

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=600"]], body: "a" } });
    edge = await startTestEdge(origin.url, { id: "guarded", tokens: TOKENS });
  });
  afterEach(() => router.running.stop());
  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  const post = (
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> =>
    get(base, path, { method: "POST", headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) });
  const cookieOf = (reply: Reply) => (reply.header("set-cookie") ?? "").split(";")[0] ?? "";
  /** As a page of the port asks. */
  const fromPage = (cookie: string) => ({ Cookie: cookie, Origin: base });
  const purge = (headers: Readonly<Record<string, string>>) =>
    post("/dashboard/purge", { urls: ["/a"] }, headers);

  it("gives the page to everybody, and nothing else without a login", async () => {
    await start();
    expect((await get(base, "/")).status).to.equal(200);
    for (const path of [
      "/live",
      "/dashboard/explain?url=/a",
      "/route.json?url=/a",
      "/edges.json",
      "/metrics",
    ]) {
      const refused = await get(base, path);
      expect([refused.status, refused.header("www-authenticate")], path).to.deep.equal([401, "Bearer"]);
    }
    expect((await purge({})).status).to.equal(401);
  });

  it("takes the token for a session, which reads and purges, until the logout", async () => {
    await start();
    const login = await post("/dashboard/login", { token: "full" });
    expect([login.status, JSON.parse(login.text)]).to.deep.equal([200, { right: "purge" }]);
    const { port } = new URL(base);
    expect(login.header("set-cookie")).to.match(
      new RegExp(`^edgecache-${port}=[\\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`),
    );
    const cookie = cookieOf(login);
    const stream = await EventStream.open(base, "/live", { Cookie: cookie });
    expect(await stream.event("hello")).to.include({ readOnly: false });
    await stream.event("fleet", ({ edges: [row] }) => row.stats !== null);
    stream.close();
    expect((await get(base, "/route.json?url=/a", { headers: { Cookie: cookie } })).status).to.equal(200);
    expect((await purge(fromPage(cookie))).status).to.equal(200);
    await post("/dashboard/logout", {}, fromPage(cookie));
    expect((await get(base, "/route.json?url=/a", { headers: { Cookie: cookie } })).status).to.equal(401);
  });

  it("does not purge for a cookie that another page may have made a browser send", async () => {
    await start();
    const cookie = cookieOf(await post("/dashboard/login", { token: "full" }));
    expect((await purge({ Cookie: cookie })).status).to.equal(401);
    expect((await purge({ Cookie: cookie, Origin: "http://evil.example" })).status).to.equal(403);
    expect((await purge({ Cookie: cookie, Origin: "null" })).status).to.equal(403);
    expect((await purge({ Cookie: cookie, "Sec-Fetch-Site": "same-site" })).status).to.equal(403);
    expect((await purge({ Cookie: cookie, "Sec-Fetch-Site": "same-origin" })).status).to.equal(200);
    const foreign = await post("/dashboard/login", { token: "full" }, { Origin: "http://evil.example" });
    expect([foreign.status, foreign.header("set-cookie")]).to.deep.equal([403, undefined]);
  });

  it("takes a form of a browser without scripts too", async () => {
    await start();
    const asking = {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "token=reading",
    };
    const login = await get(base, "/dashboard/login", asking);
    expect([login.status, login.header("location")]).to.deep.equal([303, "/"]);
    const cookie = cookieOf(login);
    const stream = await EventStream.open(base, "/live", { Cookie: cookie });
    expect(await stream.event("hello")).to.include({ readOnly: true, mayLogIn: true });
    stream.close();
    const refused = await purge(fromPage(cookie));
    expect([refused.status, JSON.parse(refused.text).detail]).to.deep.equal([
      403,
      "right: must be purge, got read",
    ]);
  });

  it("takes tokens in Authorization as before", async () => {
    await start();
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    expect((await purge(bearer("full"))).status).to.equal(200);
    expect((await purge(bearer("reading"))).status).to.equal(403);
    expect((await get(base, "/dashboard/explain?url=/a", { headers: bearer("reading") })).status).to.equal(
      200,
    );
  });

  it("slows down who guesses, and never shows what was offered", async () => {
    await start();
    for (let i = 0; i < FREE_TRIES; i += 1) {
      const wrong = await post("/dashboard/login", i % 2 === 0 ? { token: "guess-17" } : { token: [1] });
      expect([wrong.status, wrong.header("set-cookie")]).to.deep.equal([401, undefined]);
    }
    const later = await post("/dashboard/login", { token: "full" });
    expect(later.status).to.equal(429);
    expect(Number(later.header("retry-after"))).to.be.within(1, 10);
    expect(JSON.stringify(router.log)).to.contain("login refused").and.not.contain("guess-17");
    expect((await post("/dashboard/login", { token: "x".repeat(5_000) })).status).to.equal(413);
  });

  it("lets the users of this machine read, and purge with the token alone", async () => {
    await start({ host: "127.0.0.1" });
    const stream = await EventStream.open(base, "/live");
    expect(await stream.event("hello")).to.include({ readOnly: true, mayLogIn: true });
    stream.close();
    expect((await purge({})).status).to.equal(403);
    expect((await post("/dashboard/login", { token: "wrong" })).status).to.equal(401);
    const cookie = cookieOf(await post("/dashboard/login", { token: "full" }));
    expect((await purge(fromPage(cookie))).status).to.equal(200);
  });

  it("purges for nobody in read-only mode, and is not there when it is off", async () => {
    await start({ dashboard: "read-only" });
    const login = await post("/dashboard/login", { token: "full" });
    expect(JSON.parse(login.text)).to.deep.equal({ right: "read" });
    expect((await purge(fromPage(cookieOf(login)))).status).to.equal(403);
    await router.running.stop();
    await start({ dashboard: "off", host: "127.0.0.1" });
    for (const path of ["/", "/live", "/dashboard/explain?url=/a"])
      expect((await get(base, path)).status, path).to.equal(404);
    expect((await get(base, "/edges.json")).status).to.equal(200);
  });
});
