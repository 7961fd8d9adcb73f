import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { failureOf } from "../../test/rig/fetching.ts";
import { ruleBook } from "../origin/site/rule-schema.ts";
import type { SiteRule } from "../rules/site/site-rule.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";
import { diskOwner, openDisk } from "./resume.ts";

const MIB = 2 ** 20;

describe("what an edge resumes from its disk", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-resume-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (disk: string) =>
    openDisk(
      { id: "edge-1", disk, diskSize: 64 * MIB, sites: [] },
      { clock: systemClock, log: createLog("test", "silent") },
    );

  it("is refused where the directory cannot be used, in words that name it", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below")]) {
      const { code, message } = await failureOf(open(path));
      expect(code).to.equal("bad-config");
      expect(message).to.include(
        `--disk: must be a directory that the edge may read and write, got "${path}": E`,
      );
    }
  });

  it("is refused where nothing may be written, also to root", async function () {
    // Of the kernel's own directories.
    if (process.platform !== "linux") this.skip();
    const { message } = await failureOf(open("/proc/self/task"));
    expect(message).to.match(/^--disk: must be a directory .*, got "\/proc\/self\/task": E/);
  });

  it("is refused to a second edge, and not once the first has ended", async () => {
    const first = await open(folder);
    expect((await failureOf(open(folder))).message).to.include(
      "--disk: must be a directory that no other edge uses",
    );
    await first?.close();
    await (await open(folder))?.close();
  });

  it("is in doubt for a site whose rules make other keys or ask the origin otherwise, not for other changes", () => {
    const digestOf = (rule: SiteRule, more: object = {}): string | undefined => {
      const rules = { ...SAFE_RULES, book: ruleBook([rule]), ...more };
      const site = { name: "shop", origin: "http://origin", rules };
      return diskOwner({ runId: "run-1" }, () => [site])()?.origins.shop;
    };
    const plain = digestOf({ match: { path: ["/a"] }, ttl: { seconds: 5, override: false } });
    expect(digestOf({ match: { path: ["/a"] }, ttl: { seconds: 9, override: false } })).to.equal(plain);
    const others = [
      digestOf({ match: { path: ["/a"] }, key: { query: "none" } }),
      digestOf({ match: { path: ["/b"] }, key: { query: "none" } }),
      digestOf({ match: {}, key: { headers: ["X-Tenant"] } }),
      digestOf({ match: {}, rewrite: "/b" }),
      digestOf({ match: {}, origin: "other" }),
      digestOf({ match: {}, ttl: { seconds: 5, override: false } }, { forwardFields: ["x-tenant"] }),
    ];
    expect(new Set([plain, ...others]).size).to.equal(7);
  });
});
