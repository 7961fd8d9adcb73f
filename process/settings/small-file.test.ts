import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { isReadableByAll, readSmallFile } from "./small-file.ts";

describe("a small file", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-small-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is read whole, also behind a symbolic link", () => {
    writeFileSync(at("a"), "é".repeat(1000));
    symlinkSync(at("a"), at("link"));
    expect([readSmallFile(at("a")), readSmallFile(at("link"))]).to.deep.equal([
      "é".repeat(1000),
      "é".repeat(1000),
    ]);
    writeFileSync(at("a"), "");
    expect(readSmallFile(at("a"))).to.equal("");
  });

  it("has at most 1 MiB", () => {
    writeFileSync(at("a"), "x".repeat(1024 * 1024));
    expect(readSmallFile(at("a"))).to.have.length(1024 * 1024);
    writeFileSync(at("a"), "x".repeat(1024 * 1024 + 1));
    expect(() => readSmallFile(at("a"))).to.throw("it has more than 1048576 bytes");
  });

  it("is none when it may never end", () => {
    execFileSync("mkfifo", [at("fifo")]);
    for (const path of ["/dev/zero", at("fifo"), folder]) {
      expect(() => readSmallFile(path), path).to.throw("it is not a regular file");
    }
    expect(() => readSmallFile(at("gone"))).to.throw("ENOENT");
  });

  it("may be readable by all", () => {
    writeFileSync(at("a"), "secret");
    chmodSync(at("a"), 0o644);
    expect(isReadableByAll(at("a"))).to.equal(true);
    chmodSync(at("a"), 0o640);
    expect(isReadableByAll(at("a"))).to.equal(false);
    expect(isReadableByAll(at("gone"))).to.equal(false);
  });
});
