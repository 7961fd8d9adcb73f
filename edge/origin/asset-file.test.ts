import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { failureOf, never } from "../../test/rig/fetching.ts";
import { until } from "../../test/rig/until.ts";
import { type AssetFile, findAsset, readAsset } from "./asset-file.ts";

const CHUNK = 64 * 1024;
const SIZE = 5 * CHUNK;

describe("findAsset and readAsset", () => {
  let parent: string;
  let root: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(await realpath(tmpdir()), "edgecache-asset-"));
    root = join(parent, "site");
    await mkdir(root);
  });

  afterEach(() => rm(parent, { recursive: true }));

  async function kindOf(...names: string[]): Promise<string> {
    return (await findAsset(root, names)).kind;
  }

  async function largeFile(): Promise<AssetFile> {
    await writeFile(join(root, "large"), Buffer.alloc(SIZE, "a"));
    const asset = await findAsset(root, ["large"]);
    if (asset.kind !== "file") throw new Error(`large is ${asset.kind}`);
    return asset.file;
  }

  function openFiles(): number {
    return readdirSync("/proc/self/fd").length;
  }

  describe("looking up", () => {
    it("follows links that end in the root and none that leave it", async () => {
      await writeFile(join(parent, "secret"), "secret");
      await mkdir(join(parent, "site-secret"));
      await writeFile(join(parent, "site-secret", "a"), "secret");
      await mkdir(join(root, ".releases"));
      await writeFile(join(root, ".releases", "a"), "a");
      await symlink(".releases", join(root, "current"));
      await symlink("../secret", join(root, "up"));
      await symlink(join(parent, "secret"), join(root, "absolute"));
      await symlink("../site-secret", join(root, "beside"));
      await symlink("up", join(root, "twice"));
      await symlink("missing", join(root, "dangling"));
      await symlink("..", join(root, "parent"));
      await symlink(".", join(root, "self"));
      expect(await kindOf("current", "a")).to.equal("file");
      expect(await kindOf("self", "self", "current", "a")).to.equal("file");
      expect(await kindOf("self")).to.equal("directory");
      for (const name of ["up", "absolute", "twice", "dangling", "parent"]) {
        expect(await kindOf(name), name).to.equal("absent");
      }
      expect(await kindOf("beside", "a")).to.equal("absent");
      expect(await kindOf("parent", "secret")).to.equal("absent");
    });

    it("follows no link to a hidden file, nor into what version control keeps", async () => {
      await writeFile(join(root, ".env"), "secret");
      await mkdir(join(root, ".git"));
      await writeFile(join(root, ".git", "config"), "secret");
      await symlink(".env", join(root, "settings"));
      await symlink(".git", join(root, "repository"));
      await symlink(".git/config", join(root, "config"));
      for (const names of [["settings"], ["repository"], ["repository", "config"], ["config"]]) {
        expect(await kindOf(...names), names.join("/")).to.equal("absent");
      }
    });

    it("serves nothing outside of the root while a directory is exchanged for a link, again and again", async () => {
      await mkdir(join(parent, "outside"));
      await writeFile(join(parent, "outside", "a"), "secret");
      await mkdir(join(root, "real"));
      await writeFile(join(root, "real", "a"), "public");
      await symlink(join(parent, "outside"), join(root, "link"));
      await rename(join(root, "real"), join(root, "way"));
      let looking = true;
      const exchange = (async () => {
        while (looking) {
          await rename(join(root, "way"), join(root, "real"));
          await rename(join(root, "link"), join(root, "way"));
          await rename(join(root, "way"), join(root, "link"));
          await rename(join(root, "real"), join(root, "way"));
        }
      })();
      let served = 0;
      // The two loops may run in step, so that no look finds the directory for a while.
      for (let i = 0; i < 3_000 || served === 0; i++) {
        const asset = await findAsset(root, ["way", "a"]);
        if (asset.kind !== "file") continue;
        served += 1;
        expect(Buffer.from(asset.bytes ?? []).toString()).to.equal("public");
      }
      looking = false;
      await exchange;
    });

    it("serves no FIFO, socket or device, and does not wait for one", async () => {
      execFileSync("mkfifo", [join(root, "fifo")]);
      await symlink("/dev/zero", join(root, "zero"));
      const server = createServer().listen(join(root, "socket"));
      await once(server, "listening");
      for (const name of ["fifo", "zero", "socket"]) expect(await kindOf(name), name).to.equal("absent");
      // A device inside of the root.
      const device = await findAsset("/dev", ["null"]);
      expect(device.kind).to.equal("absent");
      server.close();
      await once(server, "close");
    });

    it("says of a FIFO that it may not read what it says of any other: that it is not there", async () => {
      execFileSync("mkfifo", ["-m", "0", join(root, "dark")]);
      await chmod(parent, 0o755);
      const superuser = process.geteuid?.() === 0;
      try {
        if (superuser) process.seteuid?.(65534);
        expect(await kindOf("dark")).to.equal("absent");
      } finally {
        if (superuser) process.seteuid?.(0);
      }
    });

    it("tells a file without read permission", async () => {
      await writeFile(join(root, "closed"), "x");
      await chmod(join(root, "closed"), 0);
      await mkdir(join(root, "dark"));
      await writeFile(join(root, "dark", "a"), "x");
      await chmod(join(root, "dark"), 0);
      await chmod(parent, 0o755);
      // The superuser may read everything.
      const superuser = process.geteuid?.() === 0;
      try {
        if (superuser) process.seteuid?.(65534);
        expect(await kindOf("closed")).to.equal("forbidden");
        expect(await kindOf("dark", "a")).to.equal("forbidden");
      } finally {
        if (superuser) process.seteuid?.(0);
        await chmod(join(root, "dark"), 0o755);
      }
    });

    it("works below the root of the file system", async () => {
      const names = join(root, "a").slice(1).split("/");
      await writeFile(join(root, "a"), "a");
      expect((await findAsset("/", names)).kind).to.equal("file");
    });
  });

  describe("reading", () => {
    it("gives any part, in chunks", async () => {
      const file = await largeFile();
      const sizes = async (first: number, last: number) =>
        (await Array.fromAsync(readAsset(file, first, last, never))).map((chunk) => chunk.byteLength);
      expect(await sizes(0, SIZE - 1)).to.deep.equal([CHUNK, CHUNK, CHUNK, CHUNK, CHUNK]);
      expect(await sizes(10, 10)).to.deep.equal([1]);
      expect(await sizes(CHUNK - 1, 2 * CHUNK)).to.deep.equal([CHUNK, 2]);
    });

    const changes: Record<string, [change: (path: string) => Promise<unknown>, code: string]> = {
      shrinks: [(path) => truncate(path, CHUNK + 10), "origin-body-short"],
      grows: [(path) => appendFile(path, "more"), "origin-body-changed"],
      "is written over": [(path) => writeFile(path, Buffer.alloc(SIZE, "b")), "origin-body-changed"],
      "is deleted": [(path) => rm(path), "origin-body-changed"],
      "is replaced": [
        async (path) => {
          await writeFile(`${path}.new`, Buffer.alloc(SIZE, "b"));
          await rename(`${path}.new`, path);
        },
        "origin-body-changed",
      ],
    };
    for (const [what, [change, code]] of Object.entries(changes)) {
      it(`fails with ${code} when the file ${what} while it is read, before its last bytes are given`, async () => {
        const file = await largeFile();
        const open = openFiles();
        let received = 0;
        const reading = async () => {
          for await (const chunk of readAsset(file, 0, SIZE - 1, never)) {
            if (received === 0) await change(file.path);
            received += chunk.byteLength;
          }
        };
        expect((await failureOf(reading())).code).to.equal(code);
        expect(received).to.be.below(SIZE);
        expect(openFiles()).to.equal(open);
      });

      it(`fails when the file ${what} before it is read`, async () => {
        const file = await largeFile();
        await change(file.path);
        const failure = await failureOf(Array.fromAsync(readAsset(file, 0, SIZE - 1, never)));
        expect(failure.code).to.equal("origin-body-changed");
      });
    }
  });

  describe("holding descriptors", () => {
    before(function () {
      if (!existsSync("/proc/self/fd")) this.skip();
    });

    it("holds none after a look-up, whatever was found, nor for a body that nobody reads", async () => {
      const file = await largeFile();
      await writeFile(join(root, "small"), "x");
      const open = openFiles();
      for (const name of ["large", "small", "missing"]) await kindOf(name);
      await kindOf();
      const body = readAsset(file, 0, SIZE - 1, never);
      await body.return(undefined);
      readAsset(file, 0, SIZE - 1, never);
      expect(openFiles()).to.equal(open);
    });

    it("holds one while it reads, and none when the reader has left or come to the end", async () => {
      const file = await largeFile();
      const open = openFiles();
      for await (const _ of readAsset(file, 0, SIZE - 1, never)) {
        expect(openFiles()).to.equal(open + 1);
        break;
      }
      expect(openFiles()).to.equal(open);
      await Array.fromAsync(readAsset(file, 0, SIZE - 1, never));
      expect(openFiles()).to.equal(open);
    });

    it("closes the file when the signal aborts, even if the reader never asks again", async () => {
      const file = await largeFile();
      const open = openFiles();
      const giveUp = new AbortController();
      const body = readAsset(file, 0, SIZE - 1, giveUp.signal);
      await body.next();
      giveUp.abort(new Failure("left", "client", "The client left."));
      await until("the file is closed", () => openFiles() <= open);
      expect((await failureOf(body.next())).code).to.equal("left");
    });
  });
});
