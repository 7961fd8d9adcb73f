import { expect } from "chai";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { ask, get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin, type SeenRequest } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("a client makes up request fields", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let seen: SeenRequest[];
  let vary: string | undefined;
  /** The field that the origin makes its answer of. */
  let reflected: string;

  const page = (request: SeenRequest) => {
    seen.push(request);
    const fields: [string, string][] = [["Cache-Control", "max-age=60"]];
    if (vary !== undefined) fields.push(["Vary", vary]);
    if (request.method === "POST") fields.push(["Content-Location", "/"]);
    return { fields, body: `for ${request.header(reflected) ?? "nobody"}` };
  };

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    origin.answer("/", page);
    [seen, vary, reflected] = [[], undefined, "X-Tenant"];
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const start = async (rules: Partial<SiteRules> = {}) => {
    edge = await startTestEdge(origin.url, { rules: { ...SAFE_RULES, ...rules } });
  };

  const fetchPage = (headers: Record<string, string> = {}, method = "GET"): Promise<Reply> =>
    get(edge.url, "/", { headers, method });
  const texts = async (...tenants: (string | undefined)[]) => {
    const found: string[] = [];
    for (const tenant of tenants) {
      found.push((await fetchPage(tenant === undefined ? {} : { [reflected]: tenant })).text);
    }
    return found;
  };

  const MADE_UP = [
    "X-Tenant",
    "X-Forwarded",
    "Forwarded-Host",
    "X-Http-Host-Override",
    "X-Original-Uri",
    "X-Accel-Redirect",
    "X-Envoy-Original-Path",
    "X-Middleware-Subrequest",
    "X-Invoke-Path",
    "CF-Connecting-IP",
    "Fastly-Client-IP",
    "Remote-User",
    "X-SSL-Client-DN",
    "Front-End-Https",
    "X-Url-Scheme",
    "Rsc",
  ];
  for (const name of MADE_UP) {
    it(`${name} does not reach the origin, and chooses no page for others`, async () => {
      await start();
      reflected = name;
      expect(await texts("evil", undefined)).to.deep.equal(["for nobody", "for nobody"]);
      expect(origin.count("/")).to.equal(1);
    });
  }

  it("fields that browsers send and applications need reach the origin", async () => {
    await start();
    const usual = {
      Accept: "text/html",
      "Accept-Language": "de",
      Authorization: "Bearer a",
      Cookie: "a=b",
      Origin: "http://a.example",
      Referer: "http://a.example/",
      "Sec-Fetch-Mode": "navigate",
      "User-Agent": "browser",
      "X-Requested-With": "XMLHttpRequest",
      "X-Api-Key": "key",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    await fetchPage(usual);
    for (const [name, value] of Object.entries(usual)) expect(seen[0]?.header(name), name).to.equal(value);
  });

  it("a token of the application's own reaches the origin beside a cookie, and the answer nobody else", async () => {
    await start();
    reflected = "X-WP-Nonce";
    const own = await fetchPage({ Cookie: "session=1", "X-WP-Nonce": "token" });
    expect([own.text, own.header("cache-status")]).to.deep.equal([
      "for token",
      "edge-1; fwd=uri-miss; fwd-status=200; detail=request-fields",
    ]);
    const other = await fetchPage({ "X-WP-Nonce": "evil" });
    expect([other.text, (await fetchPage()).text]).to.deep.equal(["for nobody", "for nobody"]);
    expect(origin.count("/")).to.equal(2);
  });

  it("a field that the response varies on reaches the origin, also on the first request for the page", async () => {
    await start();
    vary = "X-Tenant";
    expect(await texts("a", "b", undefined, "a", "b")).to.deep.equal([
      "for a",
      "for b",
      "for nobody",
      "for a",
      "for b",
    ]);
    // The first request is asked again, once it is known what the page varies on.
    expect(seen.map((request) => request.header("X-Tenant"))).to.deep.equal([undefined, "a", "b", undefined]);
  });

  it("it is asked again also where the first request did not have the field", async () => {
    await start();
    vary = "Accept, X-Tenant";
    expect(await texts(undefined, "a")).to.deep.equal(["for nobody", "for a"]);
    expect(seen.map((request) => request.header("X-Tenant"))).to.deep.equal([undefined, "a"]);
  });

  it("a field that the operator names reaches the origin, and every field with a star but those of proxies", async () => {
    await start({ forwardFields: ["x-tenant", "cf-ipcountry"] });
    await fetchPage({ "X-Tenant": "a", "CF-IPCountry": "DE", "X-Other": "b" });
    expect(["X-Tenant", "CF-IPCountry", "X-Other"].map((name) => seen[0]?.header(name))).to.deep.equal([
      "a",
      "DE",
      undefined,
    ]);
    await edge.stop();
    await start({ forwardFields: ["*"] });
    await fetchPage({ "X-Tenant": "a", "CF-IPCountry": "DE", "X-Other": "b" });
    expect(["X-Tenant", "CF-IPCountry", "X-Other"].map((name) => seen[1]?.header(name))).to.deep.equal([
      "a",
      undefined,
      "b",
    ]);
  });

  it("a request that is not shared reaches the origin as it is, without what only proxies may say", async () => {
    await start();
    await fetchPage({ "X-Tenant": "a", "Content-Type": "text/plain", "Remote-User": "root" }, "POST");
    expect(["X-Tenant", "Content-Type", "Remote-User"].map((name) => seen[0]?.header(name))).to.deep.equal([
      "a",
      "text/plain",
      undefined,
    ]);
  });

  it("the answer to a POST is stored only if no made-up field may have chosen it", async () => {
    await start();
    await fetchPage({ "X-Tenant": "evil" }, "POST");
    expect(await texts(undefined)).to.deep.equal(["for nobody"]);
    await fetchPage({ "Content-Type": "text/plain" }, "POST");
    expect((await fetchPage()).header("x-cache")).to.equal("HIT");
  });

  it("of how a request came, the word of the edge selects the variant, and not the client's", async () => {
    vary = "X-Forwarded-For";
    reflected = "X-Forwarded-For";
    edge = await startTestEdge(origin.url, { trustedProxies: ["192.0.2.1"] });
    const text = async (said: string) => (await fetchPage({ "X-Forwarded-For": said })).text;
    expect([await text("1.1.1.1"), await text("2.2.2.2")]).to.deep.equal(["for 127.0.0.1", "for 127.0.0.1"]);
    expect(origin.count("/")).to.equal(1);
    await edge.stop();
    edge = await startTestEdge(origin.url);
    expect([await text("1.1.1.1"), await text("2.2.2.2")]).to.deep.equal([
      "for 1.1.1.1, 127.0.0.1",
      "for 2.2.2.2, 127.0.0.1",
    ]);
  });

  it("a refresh in the background names no client", async () => {
    await start();
    reflected = "Cookie";
    origin.answer("/", (request) => {
      seen.push(request);
      return {
        fields: [["Cache-Control", "max-age=0, stale-while-revalidate=60"]],
        body: `for ${request.header("Cookie") ?? "nobody"}`,
      };
    });
    await fetchPage();
    const stale = await ask(edge.url, "/", { headers: { Cookie: "me" } });
    expect((await stale.finish()).header("x-cache")).to.equal("STALE");
    await origin.received("/", 2);
    expect(seen[1]?.header("Cookie")).to.equal(undefined);
  });
});
