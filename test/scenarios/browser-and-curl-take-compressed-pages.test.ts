import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Browser, Page, Response } from "playwright-core";
import { contentCodings, NO_COMPRESSION } from "../../edge/rules/compression.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { launchBrowser } from "../rig/browser.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const RULES = { ...SAFE_RULES, compress: { ...NO_COMPRESSION, codings: contentCodings } };
const LINES = Array.from({ length: 500 }, (_, line) => `<li>line ${line} of ${line ** 3}</li>`).join("\n");
const PAGE = `<!doctype html><title>list</title><ul>${LINES}</ul>`;

const run = promisify(execFile);

describe("a compressed page", function () {
  // A browser takes its time to start on a machine that is busy with other tests.
  this.timeout(60_000);

  let origin: HttpOrigin;
  let edge: TestEdge;
  let folder: CertificateFolder;

  before(async () => {
    // Browsers ask the edge each time, and the edge does not ask the origin.
    const fields = [
      ["Cache-Control", "max-age=0, s-maxage=600"],
      ["Content-Type", "text/html"],
      ["ETag", '"v1"'],
    ] as const;
    origin = await HttpOrigin.start({ "/page": { fields, body: PAGE } });
    folder = new CertificateFolder();
    const { cert, key } = await folder.make("edge", ["localhost"]);
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key] };
    edge = await startTestEdge(origin.url, { rules: RULES, ...tls });
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
    folder.remove();
  });

  describe("in a browser", () => {
    let browser: Browser;
    let page: Page;

    before(async () => {
      browser = await launchBrowser();
      page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    });

    after(() => browser.close());

    const load = async (base: string): Promise<Response> => {
      const response = await page.goto(`${base}/page`);
      if (response === null) throw new Error("the page was not loaded");
      expect(await page.locator("li").count()).to.equal(500);
      return response;
    };

    /** A browser that has the body as it is would be told that it may keep it. */
    const made = (coding: string): Promise<void> =>
      until(`it is there in ${coding}`, async () => {
        const reply = await get(edge.url, "/page", { headers: { "Accept-Encoding": coding } });
        return reply.header("content-encoding") === coding;
      });

    it("is shown whole in zstd by HTTPS", async () => {
      const secure = `https://localhost:${edge.https?.port}`;
      await until("it comes in zstd", async () => {
        return (await (await load(secure)).allHeaders())["content-encoding"] === "zstd";
      });
    });

    it("is shown whole in gzip by HTTP, and is not loaded again when it has not changed", async () => {
      await made("gzip");
      expect((await (await load(edge.url)).allHeaders())["content-encoding"]).to.equal("gzip");
      const [again] = await Promise.all([page.waitForResponse(/page/), page.reload()]);
      expect((await again.request().allHeaders())["if-none-match"]).to.equal('"v1-gzip"');
      expect((await again.request().sizes()).responseBodySize).to.equal(0);
      expect(await page.locator("li").count()).to.equal(500);
    });

    it("gives a script the bytes of the page when it asks for a range", async () => {
      const part = await page.evaluate(async () => {
        const answer = await fetch("/page", { headers: { Range: "bytes=2-8" }, cache: "no-store" });
        return [answer.status, await answer.text()];
      });
      expect(part).to.deep.equal([206, PAGE.slice(2, 9)]);
    });
  });

  describe("with curl", () => {
    before(async function () {
      const found = await run("curl", ["--version"]).catch(() => undefined);
      if (found !== undefined) return;
      process.stderr.write("curl is not on PATH: its tests are pending\n");
      this.skip();
    });

    const curl = async (...args: readonly string[]): Promise<{ head: string; body: string }> => {
      const { stdout } = await run("curl", ["-s", "-i", ...args, `${edge.url}/page`], { maxBuffer: 2 ** 20 });
      const at = stdout.indexOf("\r\n\r\n");
      return { head: stdout.slice(0, at), body: stdout.slice(at + 4) };
    };

    it("is decoded to the page, whatever curl was built with", async () => {
      await until("it comes coded", async () => {
        const { head, body } = await curl("--compressed");
        expect(body).to.equal(PAGE);
        return /^content-encoding: /im.test(head);
      });
      const plain = await curl();
      expect([plain.body, /^content-encoding/im.test(plain.head)]).to.deep.equal([PAGE, false]);
    });

    it("goes on where a download was cut, in the form that was begun", async () => {
      const rest = await curl("-r", "1000-", "-H", 'If-Range: "v1"', "-H", "Accept-Encoding: gzip, br");
      expect(rest.head).to.match(/^HTTP\/1.1 206 /);
      expect(rest.body).to.equal(PAGE.slice(1_000));
    });
  });
});
