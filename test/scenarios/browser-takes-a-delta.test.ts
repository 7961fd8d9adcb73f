import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { launchBrowser } from "../rig/browser.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

const LINES = Array.from(
  { length: 600 },
  (_, line) => `// line ${line} of ${(line * 7_919) ** 2 % 10_007}\n`,
);

function script(version: number): string {
  return `${LINES.with(version, `// this is version ${version}\n`).join("")}globalThis.version = ${version};\n`;
}

/** By which a browser is told that it may trust the key of a certificate. */
function keyHash(certificate: Buffer): string {
  const { publicKey } = new X509Certificate(certificate);
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

describe("a browser that has the previous version of a script", function () {
  // A browser takes its time to start on a machine that is busy with other tests.
  this.timeout(60_000);

  let origin: HttpOrigin;
  let edge: TestEdge;
  let folder: CertificateFolder;
  let browser: Browser;
  let page: Page;
  let version: number;

  before(async () => {
    version = 1;
    origin = await HttpOrigin.start({
      "/": { fields: [["Content-Type", "text/html"]], body: "<!doctype html><title>app</title>" },
      "/app.js": () => ({
        fields: [
          ["Cache-Control", "max-age=600"],
          ["Content-Type", "text/javascript"],
          ["ETag", `"${version}"`],
        ],
        body: script(version),
      }),
    });
    folder = new CertificateFolder();
    const { cert, key } = await folder.make("edge", ["localhost"]);
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key] };
    const rules = writtenRules("rules: [{match: {path: /app.js}, dictionary: previous}]\n");
    edge = await startTestEdge(origin.url, { rules, ...tls, trustedProxies: ["127.0.0.1"] });
    // What comes with an error of the certificate is no dictionary, even where the error is ignored.
    browser = await launchBrowser(`--ignore-certificate-errors-spki-list=${keyHash(readFileSync(cert))}`);
    page = await browser.newPage();
    await page.goto(`https://localhost:${edge.https?.port}/`);
  });

  after(async () => {
    await browser.close();
    await edge.stop();
    await origin.stop();
    folder.remove();
  });

  /** Fetches the script past the browser's own cache of responses. */
  async function load(): Promise<{
    text: string;
    fields: Record<string, string>;
    sent: Record<string, string>;
  }> {
    const arrives = page.waitForResponse(/app\.js/);
    const text = await page.evaluate(async () => (await fetch("/app.js", { cache: "reload" })).text());
    const response = await arrives;
    return { text, fields: await response.allHeaders(), sent: await response.request().allHeaders() };
  }

  /** Whether another client with the same dictionary gets the delta. */
  async function isThere(dictionary: string): Promise<boolean> {
    const headers = {
      Host: `localhost:${edge.https?.port}`,
      "X-Forwarded-Proto": "https",
      "Accept-Encoding": "dcz",
      "Available-Dictionary": dictionary,
    };
    return (await get(edge.url, "/app.js", { headers })).header("content-encoding") === "dcz";
  }

  it("gets what has changed, and shows the new version", async function () {
    expect((await load()).fields["use-as-dictionary"]).to.equal('match="/app.js"');
    let loaded = await load();
    for (let time = 0; time < 20 && loaded.sent["available-dictionary"] === undefined; time += 1)
      loaded = await load();
    if (loaded.sent["available-dictionary"] === undefined) {
      process.stderr.write(`${browser.version()} sends no Available-Dictionary: its test is pending\n`);
      this.skip();
    }
    await purge(edge.control, { $case: "url", url: "/app.js" }, { soft: true });
    version = 2;
    // A browser that had the new version as a whole would offer that one.
    await until("the delta is there", () => isThere(loaded.sent["available-dictionary"] ?? ""));
    loaded = await load();
    expect(loaded.text).to.equal(script(2));
    expect([loaded.fields["content-encoding"], loaded.fields.etag]).to.deep.equal(["dcz", 'W/"2-dcz"']);
    expect(Number(loaded.fields["content-length"])).to.be.lessThan(script(2).length / 20);
  });
});
