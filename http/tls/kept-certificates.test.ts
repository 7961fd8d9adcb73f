import { renameSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { pino } from "pino";
import { systemClock } from "../../process/clock.ts";
import { CertificateFolder, makeCertificate } from "../../test/rig/certificate-files.ts";
import { KeptCertificates } from "./kept-certificates.ts";

const TICKETS = Buffer.alloc(48);

describe("the certificates that a program keeps for many hosts", () => {
  let folder: CertificateFolder;
  let lines: string[];
  let kept: KeptCertificates;

  beforeEach(() => {
    folder = new CertificateFolder();
    lines = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    const files = { hosts: ["a.example", "b.example"], path: (host: string) => folder.file(`${host}.pem`) };
    kept = new KeptCertificates(files, systemClock, log);
  });
  afterEach(() => folder.remove());

  async function put(host: string, names = [host], days = 60): Promise<void> {
    const { cert, key } = await makeCertificate(names, days);
    writeFileSync(folder.file("draft"), `${key}${cert}`);
    renameSync(folder.file("draft"), folder.file(`${host}.pem`));
  }

  it("come when their files do", async () => {
    await kept.look();
    expect([kept.all, kept.first(TICKETS), kept.context("a.example", TICKETS)]).to.deep.equal([
      [],
      undefined,
      undefined,
    ]);
    await put("b.example");
    await kept.look();
    expect(kept.all.map(({ names }) => names)).to.deep.equal([["b.example"]]);
    expect(kept.first(TICKETS)).to.equal(kept.context("b.example", TICKETS));
    await kept.look();
    expect(lines).to.deep.equal(["certificate loaded"]);
  });

  it("make a context once, and again for another key of tickets or another certificate", async () => {
    await put("a.example");
    await kept.look();
    const first = kept.context("a.example", TICKETS);
    expect(kept.context("a.example", TICKETS)).to.equal(first);
    kept.forgetContexts();
    const second = kept.context("a.example", TICKETS);
    expect(second).not.to.equal(first);
    await put("a.example");
    await kept.look();
    expect(kept.context("a.example", TICKETS)).not.to.equal(second);
  });

  it("stay when a file becomes unusable or goes, which touches no other host", async () => {
    await put("a.example");
    await kept.look();
    const context = kept.context("a.example", TICKETS);
    writeFileSync(folder.file("a.example.pem"), "rubbish");
    await put("b.example");
    await kept.look();
    await kept.look();
    expect(kept.context("a.example", TICKETS)).to.equal(context);
    expect(kept.context("b.example", TICKETS)).not.to.equal(undefined);
    expect(lines.filter((line) => line.includes("not loaded"))).to.have.length(1);
    renameSync(folder.file("a.example.pem"), folder.file("elsewhere"));
    await kept.look();
    expect(kept.context("a.example", TICKETS)).to.equal(context);
  });

  it("tell an operator what is missing, unusable, or about to end", async () => {
    expect(kept.findings.map(({ severity, about }) => `${severity} ${about}`)).to.deep.equal([
      "warning a.example",
      "warning b.example",
    ]);
    await put("a.example");
    await put("b.example", ["b.example"], -1);
    await kept.look();
    const [ended, ...others] = kept.findings;
    expect([ended?.severity, others]).to.deep.equal(["problem", []]);
    expect(ended?.text).to.contain("expired on");
    writeFileSync(folder.file("a.example.pem"), "rubbish");
    await kept.look();
    expect(kept.findings[0]).to.deep.include({ severity: "problem", about: "a.example" });
  });
});
