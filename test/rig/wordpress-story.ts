import { expect } from "chai";
import { get, type Reply } from "./http-client.ts";
import { startTestEdge, type TestEdge } from "./test-edge.ts";
import { HIDDEN, PASSWORD, READER, type WordPressSite } from "./wordpress-site.ts";
import { writtenRules } from "./written-rules.ts";

/** What holds of any WordPress site behind an edge with the preset. */
export function wordPressStory(start: () => Promise<WordPressSite>): void {
  let site: WordPressSite;
  let edge: TestEdge;
  let host: string;

  before(async () => {
    site = await start();
    host = site.url.host;
    edge = await startTestEdge(site.url, { rules: writtenRules("preset: wordpress\n") });
  });

  after(async () => {
    await edge?.stop();
    await site?.stop();
  });

  const ask = (target: string, cookie = "", more: Readonly<Record<string, string>> = {}): Promise<Reply> =>
    get(edge.url, target, { headers: { Host: host, ...(cookie === "" ? {} : { Cookie: cookie }), ...more } });

  const send = (target: string, form: Readonly<Record<string, string>>): Promise<Reply> =>
    get(edge.url, target, {
      method: "POST",
      headers: {
        Host: host,
        Cookie: "wordpress_test_cookie=WP%20Cookie%20check",
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: String(new URLSearchParams(form)),
    });

  const cacheOf = async (target: string, cookie = "", more = {}) =>
    (await ask(target, cookie, more)).header("x-cache");

  /** The cookies that an answer has given, of these names. */
  const given = (reply: Reply, name: string): string => {
    const found = new RegExp(`${name}[^=]*=[^;,]+`).exec(reply.header("set-cookie") ?? "");
    return found?.[0] ?? "";
  };

  const logIn = async () =>
    given(await send("/wp-login.php", { log: READER.log, pwd: READER.pwd }), "wordpress_logged_in_");

  it("gives all who come for the first time one page, whatever letter led to it and whatever they carry", async () => {
    expect(await cacheOf("/?utm_source=letter", "_ga=1")).to.equal("MISS");
    const second = await ask("/?fbclid=9", "_ga=2; wordpress_test_cookie=WP%20Cookie%20check");
    expect([second.header("x-cache"), second.header("set-cookie")]).to.deep.equal(["HIT", undefined]);
  });

  it("never shares a page of somebody who is logged in", async () => {
    const cookie = await logIn();
    expect(cookie).not.to.equal("");
    const own = await ask("/", cookie);
    expect([own.header("x-cache"), own.text.includes("wp-admin-bar")]).to.deep.equal(["BYPASS", true]);
    expect((await ask("/")).text).not.to.include("wp-admin-bar");
    // The first to ask is logged in.
    expect((await ask("/hello-world/?n=1", cookie)).text).to.include("wp-admin-bar");
    expect((await ask("/hello-world/?n=1")).text).not.to.include("wp-admin-bar");
  });

  for (const target of [
    "/wp-admin/profile.php",
    "/wp-admin/profile.php/x.css",
    "/wp-admin/profile.php%2fx.css",
    "/WP-Admin/profile.php/x.css",
    "/wp-admin/profile.php;x.css",
    "/wp-includes/..%2fwp-admin/profile.php/x.css",
    "/wp-content/themes/x/..%2f..%2f..%2fwp-admin/profile.php/x.css",
    "/wp-includes/%252e%252e/wp-admin/profile.php/x.css",
    "/x//wp-admin/profile.php?a=/wp-includes/x.css",
  ])
    it(`cannot be made to share a profile as ${target}`, async () => {
      const cookie = await logIn();
      // By the cookie as the site reads it, and as a rule might not.
      for (const carried of [cookie, cookie.replace("logged_in", "logged.in"), `x="; ${cookie}`]) {
        await ask(target, carried);
        expect((await ask(target)).text).not.to.include(READER.email);
      }
    });

  it("shows a page behind a password to those who have opened it, and to nobody else", async () => {
    const cookie = given(
      await send("/wp-login.php?action=postpass", { post_password: PASSWORD }),
      "wp-postpass_",
    );
    const opened = await ask("/secret/", cookie);
    expect([opened.header("x-cache"), opened.text.includes(HIDDEN)]).to.deep.equal(["BYPASS", true]);
    for (const carried of ["", "_ga=1"]) expect((await ask("/secret/", carried)).text).not.to.include(HIDDEN);
  });

  it("shows a comment that awaits moderation to its author only, and fetches the page again for all", async () => {
    await ask("/hello-world/");
    expect(await cacheOf("/hello-world/")).to.equal("HIT");
    const sent = await send("/wp-comments-post.php", {
      comment: "a remark of Ann",
      author: "Ann",
      email: "ann@example.org",
      comment_post_ID: "1",
      comment_parent: "0",
      "wp-comment-cookies-consent": "yes",
    });
    expect([sent.status, sent.header("x-cache")]).to.deep.equal([302, "BYPASS"]);
    const names = /(comment_author_(?:email_)?[0-9a-f]{32}=[^;,]+)/g;
    const cookie = [...(sent.header("set-cookie") ?? "").matchAll(names)].map(([pair]) => pair).join("; ");
    expect((await ask("/hello-world/", cookie)).text).to.include("a remark of Ann");
    expect(await cacheOf("/hello-world/")).to.equal("MISS");
    expect((await ask("/hello-world/")).text).not.to.include("a remark of Ann");
  });

  it("shares styles with those who are logged in", async () => {
    const style = "/wp-includes/css/dashicons.min.css?ver=6.1";
    expect(await cacheOf(style)).to.equal("MISS");
    expect(await cacheOf(style, await logIn())).to.equal("HIT");
  });

  it("lets log-in, administration, actions and credentials pass", async () => {
    for (const target of [
      "/wp-login.php",
      "/wp-admin/",
      "/wp-cron.php?doing_wp_cron=1",
      "/?p=1&preview=true",
      "/?add-to-cart=7",
      "/?rest_route=/wp/v2/users/me",
      "/cart/",
      "/checkout/order-received/5/",
      "/wp-json/",
      "/wp-json/wc/store/v1/cart",
      "/blog/wp-login.php",
      "/wp-content/plugins/members/download.php/picture.png",
    ])
      expect(await cacheOf(target), target).to.equal("BYPASS");
    const Authorization = "Basic cmVhZGVyOng=";
    expect(await cacheOf("/wp-json/wp/v2/users/me", "", { Authorization })).to.equal("BYPASS");
    expect(await cacheOf("/", "woocommerce_items_in_cart=1")).to.equal("BYPASS");
  });

  it("keeps what the REST API says to everybody, and no answer of it to one", async () => {
    await ask("/wp-json/wp/v2/posts");
    expect(await cacheOf("/wp-json/wp/v2/posts")).to.equal("HIT");
    expect(await cacheOf("/wp-json/wp/v2/posts", "", { "X-WP-Nonce": "1" })).to.equal("BYPASS");
    expect(await cacheOf("/wp-json/wp/v2/posts", await logIn())).to.equal("BYPASS");
  });
}
