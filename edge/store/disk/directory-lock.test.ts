import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { failureOf } from "../../../test/rig/fetching.ts";
import { lockDirectory } from "./directory-lock.ts";

describe("the lock of a disk directory", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "edgecache-lock-"));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("keeps a second edge out, also under another name, until it is released", async () => {
    const lock = await lockDirectory(directory);
    symlinkSync(directory, `${directory}-link`);
    for (const name of [directory, `${directory}-link`]) {
      const { message } = await failureOf(lockDirectory(name));
      expect(message).to.equal(`--disk: must be a directory that no other edge uses, got "${name}"`);
    }
    rmSync(`${directory}-link`);
    await lock.release();
    await (await lockDirectory(directory)).release();
  });
});
