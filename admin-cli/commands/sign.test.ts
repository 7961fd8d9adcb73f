import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { isSignedBy, readUrlToken, type UrlClaim } from "../../process/url-signature.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const NEWER = "fedcba9876543210fedcba9876543210";

describe("admin-cli sign", () => {
  let folder: string;
  let file: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sign-"));
    file = join(folder, "keys");
    writeFileSync(file, `# the one that signs stands first\nnew ${NEWER}\nold ${SECRET}\n`);
    chmodSync(file, 0o600);
  });

  after(() => rmSync(folder, { recursive: true }));

  const sign = (...argv: string[]) => runAdminCli(["sign", ...argv]);

  /** The URL without its token, and whether the key has signed the claim. */
  const checked = (url: string, secret: string, claim: Omit<UrlClaim, "expires">) => {
    const token = readUrlToken(new URL(url).searchParams.get("token") ?? "");
    if (token === undefined) throw new Error(`no token: ${url}`);
    return isSignedBy({ id: "", secret }, { ...claim, expires: token.expires }, token);
  };

  it("writes the URL with a token by the first key, for the host, the path and the query", async () => {
    const { code, stdout } = await sign("https://a.example/x y?q=1", "--expires", "1h", "--key-file", file);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^https:\/\/a\.example\/x%20y\?q=1&token=new\.\d+\.u\.[\w-]{43}\n$/);
    const claim = { host: "a.example", scope: "url", text: "/x%20y?q=1" } as const;
    expect(checked(stdout, NEWER, claim)).to.equal(true);
    expect(checked(stdout, SECRET, claim)).to.equal(false);
  });

  it("signs a prefix by another key, as one JSON document", async () => {
    const options = ["--expires", "2m", "--key-file", file, "--prefix", "--key", "old", "--json"];
    const { stdout } = await sign("http://a.example:8080/video/", ...options);
    const { url, key, expires } = JSON.parse(stdout);
    expect(key).to.equal("old");
    const claim = { host: "a.example:8080", scope: "prefix", text: "/video/" } as const;
    expect(checked(url, SECRET, claim)).to.equal(true);
    const left = Date.parse(expires) - Date.now();
    expect(left).to.be.within(0, 121_000);
  });

  for (const [what, argv] of [
    ["takes one URL", ["--expires", "1h"]],
    ["must be an http or https URL", ["ftp://a/", "--expires", "1h"]],
    ["without a user and a fragment", ["http://a/#b", "--expires", "1h"]],
    ["--expires: must be", ["http://a/"]],
    ["--expires: must be", ["http://a/", "--expires", "0s"]],
    ["--prefix: the path must end with", ["http://a/b", "--prefix", "--expires", "1h"]],
    ["--key: must be one of new, old", ["http://a/b", "--key", "x", "--expires", "1h"]],
  ] as const) {
    it(`says ${JSON.stringify(what)} of ${argv.join(" ")}`, async () => {
      const { code, stderr } = await sign(...argv, "--key-file", file);
      expect(code).to.equal(2);
      expect(stderr).to.include(what);
    });
  }

  it("refuses a file that has no keys, and shows no secret", async () => {
    const short = join(folder, "short");
    writeFileSync(short, "a tooshortsecret\n");
    for (const path of [short, join(folder, "none")]) {
      const { code, stderr } = await sign("http://a/", "--expires", "1h", "--key-file", path);
      expect(code).to.equal(2);
      expect(stderr).to.include("--key-file: must be a file of");
      expect(stderr).not.to.include("tooshortsecret");
    }
  });

  it("warns of a file that every user of the machine can read", async () => {
    const open = join(folder, "open");
    writeFileSync(open, `a ${SECRET}\n`);
    chmodSync(open, 0o644);
    const { code, stderr } = await sign("http://a/", "--expires", "1h", "--key-file", open);
    expect(code).to.equal(0);
    expect(stderr).to.include("chmod 600");
  });
});
