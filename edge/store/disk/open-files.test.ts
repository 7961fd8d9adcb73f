import { expect } from "chai";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import type { DiskFile, DiskFiles } from "./disk-files.ts";
import { fewOpen } from "./open-files.ts";

interface Counted {
  readonly files: DiskFiles;
  readonly open: string[];
  opened: number;
  /** Thrown when one is closed. */
  closeError: Error | undefined;
}

/** Counts which files of a directory are open. */
function counted(disk: FrailDisk): Counted {
  const open: string[] = [];
  const around: Counted = {
    opened: 0,
    closeError: undefined,
    open,
    files: {
      list: () => disk.list(),
      readAll: (name: string) => disk.readAll(name),
      replace: (name: string, bytes: Uint8Array) => disk.replace(name, bytes),
      remove: (name: string) => disk.remove(name),
      open: async (name: string, how: "new" | "old"): Promise<DiskFile> => {
        const file = await disk.open(name, how);
        around.opened += 1;
        open.push(name);
        return {
          ...file,
          close: async () => {
            if (around.closeError !== undefined) throw around.closeError;
            open.splice(open.indexOf(name), 1);
          },
        };
      },
    },
  };
  return around;
}

describe("a directory of which few files are open", () => {
  async function contentOf(file: DiskFile): Promise<string> {
    const into = Buffer.alloc(8);
    return into.toString("utf8", 0, await file.read(into, 0));
  }

  it("has those open that were used last, and opens the others when they are used", async () => {
    const counts = counted(new FrailDisk());
    const files = fewOpen(counts.files, 2);
    const [a, b, c] = [
      await files.open("a", "new"),
      await files.open("b", "new"),
      await files.open("c", "new"),
    ];
    expect(counts.open).to.have.members(["b", "c"]);
    await a.write([Buffer.from("of a")], 0);
    await b.write([Buffer.from("of b")], 0);
    expect(counts.open).to.have.members(["a", "b"]);
    expect([await contentOf(b), await contentOf(a)]).to.deep.equal(["of b", "of a"]);
    expect(counts.opened).to.equal(5);
    await c.sync();
    expect(counts.open).to.have.members(["a", "c"]);
    for (const file of [a, b, c]) await file.close();
    expect(counts.open).to.deep.equal([]);
  });

  it("opens one that is there when it is first used, and says when it is gone", async () => {
    const disk = new FrailDisk();
    await disk.replace("a", Buffer.from("of a"));
    const counts = counted(disk);
    const file = await fewOpen(counts.files).open("a", "old");
    expect(counts.opened).to.equal(0);
    expect(await contentOf(file)).to.equal("of a");
    await file.close();
    const closed = await contentOf(file).catch(String);
    expect(closed).to.include("EBADF");
    const gone = await fewOpen(counts.files).open("b", "old");
    const absent = await contentOf(gone).catch(String);
    expect(absent).to.include("ENOENT");
  });

  it("goes on where one that rests cannot be closed, and tells who closes it", async () => {
    const counts = counted(new FrailDisk());
    const files = fewOpen(counts.files, 1);
    const a = await files.open("a", "new");
    await a.write([Buffer.from("of a")], 0);
    counts.closeError = new Error("EIO: the disk is broken");
    const b = await files.open("b", "new");
    await b.write([Buffer.from("of b")], 0);
    expect([await contentOf(a), await contentOf(b)]).to.deep.equal(["of a", "of b"]);
    expect(await b.close().catch(String)).to.include("EIO");
  });

  it("leaves those open that are being used", async () => {
    const disk = new FrailDisk();
    const counts = counted(disk);
    const files = fewOpen(counts.files, 1);
    const a = await files.open("a", "new");
    disk.holdWrites();
    const written = a.write([Buffer.from("of a")], 0);
    const b = await files.open("b", "new");
    expect(counts.open).to.have.members(["a", "b"]);
    disk.letWritesGo();
    await written;
    await b.sync();
    expect(counts.open).to.deep.equal(["b"]);
  });
});
