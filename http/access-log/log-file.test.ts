import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LogFile } from "./log-file.ts";

describe("LogFile", () => {
  let folder: string;
  let path: string;
  let file: LogFile;
  let troubles: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-log-"));
    path = join(folder, "access.log");
    troubles = 0;
    file = fileAt(path);
  });
  afterEach(async () => {
    await file.close();
    rmSync(folder, { recursive: true });
  });

  const fileAt = (at: string) =>
    new LogFile(at, () => {
      troubles += 1;
    });
  const write = (text: string) =>
    new Promise<boolean>((resolve) => file.sink(Buffer.from(text), (isOut) => resolve(isOut)));

  it("adds to what is there, and a new one is for its owner and group", async () => {
    await file.open();
    expect(await write("a\n")).to.equal(true);
    expect(statSync(path).mode & 0o777).to.equal(0o640);
    await file.close();
    await file.open();
    await write("b\n");
    expect(readFileSync(path, "utf8")).to.equal("a\nb\n");
  });

  it("is opened again after it was renamed or removed, and loses no line", async () => {
    await file.open();
    await write("a\n");
    renameSync(path, `${path}.1`);
    await write("b\n");
    await file.reopen();
    await write("c\n");
    expect([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")]).to.deep.equal(["a\nb\n", "c\n"]);
    unlinkSync(path);
    expect(await write("lost with the file\n")).to.equal(true);
    await file.reopen();
    await write("d\n");
    expect(readFileSync(path, "utf8")).to.equal("d\n");
    expect(troubles).to.equal(0);
  });

  it("goes on in another file, and in the same one when the other cannot be opened", async () => {
    await file.open();
    await file.reopen(join(folder, "other.log"));
    await write("a\n");
    await file.reopen(join(folder, "no", "folder.log"));
    expect(await write("b\n")).to.equal(true);
    expect(readFileSync(join(folder, "other.log"), "utf8")).to.equal("a\nb\n");
    expect(troubles).to.equal(1);
  });

  it("loses lines while the disk is full, tells it once, and writes again when there is room", async () => {
    file = fileAt("/dev/full");
    await file.open();
    expect(await write("a\n")).to.equal(false);
    expect(await write("b\n")).to.equal(false);
    expect(troubles).to.equal(1);
    await file.reopen(path);
    expect(await write("c\n")).to.equal(true);
    expect(readFileSync(path, "utf8")).to.equal("c\n");
  });

  it("rejects at once when it cannot be opened", async () => {
    writeFileSync(path, "");
    file = fileAt(join(path, "below-a-file"));
    const thrown = await file.open().catch((cause: unknown) => cause);
    expect(thrown).to.be.instanceOf(Error);
  });
});
