import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { HIDDEN, PASSWORD, READER, type WordPressSite } from "./wordpress-site.ts";

/** Of a site, in the names of its cookies. */
const HASH = createHash("md5").update("http://shop.example").digest("hex");
const LOGGED_IN = `wordpress_logged_in_${HASH}`;
const OPENED = `wp-postpass_${HASH}`;
const COMMENTED = `comment_author_${HASH}`;

/** As WordPress marks what must not be kept. */
const NO_CACHE = {
  Expires: "Wed, 11 Jan 1984 05:00:00 GMT",
  "Cache-Control": "no-cache, must-revalidate, max-age=0",
};
const HTML = { "Content-Type": "text/html; charset=UTF-8" };
const TEST_COOKIE = "wordpress_test_cookie=WP%20Cookie%20check; path=/";

interface Answer {
  readonly status?: number;
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/**
 * A site that answers as WordPress 6.1 did when it was asked the same: cookies, paths and fields are those of a record.
 * It is as careless as a web server before it may be: paths are decoded and read without regard to case, and what follows
 * the name of a program is no matter.
 */
export async function startRecordedWordPress(): Promise<WordPressSite> {
  const comments: string[] = [];
  const server = createServer((request, response) => void serve(request, response, comments));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, comments: string[]): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const { status = 200, fields, body } = answerTo(request, form, comments);
  response.writeHead(status, { "X-Powered-By": "PHP/8.2.36", ...fields, "Content-Length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function answerTo(
  { url = "/", headers }: IncomingMessage,
  form: URLSearchParams,
  comments: string[],
): Answer {
  const { pathname, searchParams } = new URL(decodedPath(url), "http://site");
  const path = pathname.replace(/^\/{2,}/, "/").toLowerCase();
  const cookies = cookiesOf(headers.cookie ?? "");
  const reader = cookies.get(LOGGED_IN);
  const page = (content: string): Answer => {
    const bar = reader === undefined ? "" : `<div id="wp-admin-bar">Howdy, ${reader}</div>`;
    return { fields: { ...HTML, ...(reader === undefined ? {} : NO_CACHE) }, body: content + bar };
  };
  if (path.includes("/wp-login.php")) return logIn(searchParams, form);
  if (path.includes("/wp-comments-post.php")) return comment(form, comments);
  if (path.includes("/wp-admin"))
    return reader === undefined
      ? { status: 302, fields: { ...HTML, ...NO_CACHE, Location: "/wp-login.php?reauth=1" }, body: "" }
      : { ...page(`<input value="${READER.email}">`), fields: { ...HTML, ...NO_CACHE } };
  if (path.endsWith(".css")) return { fields: { "Content-Type": "text/css; charset=UTF-8" }, body: "a{}" };
  if (path.includes("/wp-json")) return rest(path, headers);
  switch (path) {
    case "/":
      return page("<h1>Shop</h1>");
    case "/secret/":
      return page(cookies.has(OPENED) ? HIDDEN : '<form action="/wp-login.php?action=postpass">');
    case "/hello-world/": {
      const seen = cookies.has(COMMENTED) ? comments : [];
      return page(`<h1>Hello world!</h1>${seen.map((each) => `<em>awaits moderation</em>${each}`).join("")}`);
    }
    default:
      return { ...page("Not found"), status: 404, fields: { ...HTML, ...NO_CACHE } };
  }
}

function logIn(query: URLSearchParams, form: URLSearchParams): Answer {
  const fields = { ...HTML, ...NO_CACHE };
  if (query.get("action") === "postpass" && form.get("post_password") === PASSWORD)
    return {
      status: 302,
      fields: { ...fields, Location: "/", "Set-Cookie": [TEST_COOKIE, `${OPENED}=%24P%24B; path=/`] },
      body: "",
    };
  if (form.get("log") !== READER.log || form.get("pwd") !== READER.pwd)
    return { fields: { ...fields, "Set-Cookie": TEST_COOKIE }, body: "<form>" };
  const cookie = `${LOGGED_IN}=${READER.log}; path=/; HttpOnly`;
  return { status: 302, fields: { ...fields, Location: "/", "Set-Cookie": [TEST_COOKIE, cookie] }, body: "" };
}

function comment(form: URLSearchParams, comments: string[]): Answer {
  comments.push(form.get("comment") ?? "");
  const cookie = `${COMMENTED}=${form.get("author")}; path=/`;
  const fields = { ...HTML, ...NO_CACHE, Location: "/hello-world/#comment-2", "Set-Cookie": cookie };
  return { status: 302, fields, body: "" };
}

function rest(path: string, { authorization }: IncomingMessage["headers"]): Answer {
  const fields = { "Content-Type": "application/json; charset=UTF-8", Allow: "GET", Vary: "Origin" };
  if (!path.includes("/users/me")) return { fields, body: '[{"id":1}]' };
  return authorization === undefined
    ? { status: 401, fields, body: '{"code":"rest_not_logged_in"}' }
    : { fields, body: JSON.stringify({ email: READER.email }) };
}

function decodedPath(target: string): string {
  const at = target.indexOf("?");
  const path = at === -1 ? target : target.slice(0, at);
  return path.replace(/%2e/gi, ".").replace(/%2f/gi, "/") + target.slice(path.length);
}

/** As PHP reads them: a dot in a name is an underscore. */
function cookiesOf(line: string): ReadonlyMap<string, string> {
  const pairs = line.split(";").map((pair) => pair.trim().split("=", 2));
  return new Map(pairs.map(([name = "", value = ""]) => [name.replace(/[. ]/g, "_"), value]));
}
