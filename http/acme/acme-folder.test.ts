import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { expect } from "chai";
import { AcmeStory, ended, serves } from "../../test/rig/acme-story.ts";

describe("certificates in the storage of ACME", () => {
  let story: AcmeStory;

  beforeEach(async () => {
    story = await AcmeStory.begin();
  });
  afterEach(() => story.end());

  it("are kept where only their user can read, with the account", async () => {
    const program = await story.start();
    await serves(program);
    const modes = readdirSync(story.kept(), { recursive: true, encoding: "utf8" }).map((name) => {
      const found = statSync(story.kept(name));
      return `${name} ${found.isDirectory() ? "d" : "f"}${(found.mode & 0o777).toString(8)}`;
    });
    expect(modes).to.include.members([
      "account.pem f600",
      "certificates/a.example.pem f600",
      "orders.json f600",
    ]);
    expect(modes.filter((line) => !/ (d700|f600)$/.test(line))).to.deep.equal([]);
  });

  it("are served but not ordered while the storage cannot be written, which one line says", async () => {
    const first = await story.start();
    await serves(first);
    await first.stop();
    const certificate = readFileSync(story.kept("certificates", "a.example.pem"));
    rmSync(story.kept(), { recursive: true });
    // A file in the place of a folder can be written by nobody, the superuser included.
    mkdirSync(story.kept("certificates"), { recursive: true });
    writeFileSync(story.kept("certificates", "a.example.pem"), certificate, { mode: 0o600 });
    writeFileSync(story.kept("lock"), "");
    const program = await story.start({ acmeHosts: ["a.example", "b.example"] });
    expect((await program.shown("a.example"))?.subjectaltname).to.equal("DNS:a.example");
    await ended(program);
    await story.looked();
    expect(program.ends).to.deep.equal(["storage"]);
    expect(program.said("no certificates can be ordered")).to.have.length(1);
    rmSync(story.kept("lock"));
    await serves(program, "b.example");
  });

  it("are not ordered by a new account while the key of the old one cannot be read", async () => {
    mkdirSync(story.kept(), { recursive: true, mode: 0o700 });
    // A link to itself can be read by nobody, the superuser included. A file could take its place.
    symlinkSync("account.pem", story.kept("account.pem"));
    const program = await story.start();
    await ended(program);
    expect(program.ends).to.deep.equal(["storage"]);
    expect(story.server.orders).to.deep.equal([]);
    expect(lstatSync(story.kept("account.pem")).isSymbolicLink()).to.equal(true);
  });

  it("are not ordered while the orders of late cannot be read", async () => {
    mkdirSync(story.kept(), { recursive: true, mode: 0o700 });
    symlinkSync("orders.json", story.kept("orders.json"));
    const program = await story.start();
    await ended(program);
    expect(program.ends).to.deep.equal(["storage"]);
    expect(story.server.orders).to.deep.equal([]);
    expect(lstatSync(story.kept("orders.json")).isSymbolicLink()).to.equal(true);
    rmSync(story.kept("orders.json"));
    await serves(program);
  });

  it("are taken from other users, who must not read them", async () => {
    const first = await story.start();
    await serves(first);
    await first.stop();
    chmodSync(story.kept(), 0o755);
    chmodSync(story.kept("account.pem"), 0o644);
    const program = await story.start({ acmeHosts: ["a.example", "b.example"] });
    await serves(program, "b.example");
    expect((statSync(story.kept()).mode & 0o777).toString(8)).to.equal("700");
    expect((statSync(story.kept("account.pem")).mode & 0o777).toString(8)).to.equal("600");
    expect(program.said("ACME storage was open to other users; its mode is changed")).to.have.length(2);
  });
});
