import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AcmeProgram, acmeValuesFor } from "../../test/rig/acme-program.ts";
import { AcmeServer } from "../../test/rig/acme-server.ts";
import { makeCertificate } from "../../test/rig/certificate-files.ts";
import { FastClock } from "../../test/rig/fast-clock.ts";
import { until } from "../../test/rig/until.ts";
import type { TlsValues } from "../tls/tls-settings.ts";
import { type AcmeValues, acmeConfigOf, NO_ACME } from "./acme-settings.ts";

const MINUTE = 60_000;

describe("certificates that come by ACME", () => {
  let folder: string;
  let ca: string;
  let server: AcmeServer;
  let clock: FastClock;
  let programs: AcmeProgram[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-acme-"));
    ca = join(folder, "ca.pem");
    server = await AcmeServer.start();
    writeFileSync(ca, server.cert);
    clock = new FastClock(20);
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) await program.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const values = (): Partial<AcmeValues> => acmeValuesFor(server, { storage: join(folder, "storage"), ca });

  async function start(more: Partial<AcmeValues & TlsValues> = {}): Promise<AcmeProgram> {
    const program = await AcmeProgram.start({ ...values(), ...more }, clock);
    programs.push(program);
    server.ports = { http: program.httpPort, tls: program.tlsPort };
    return program;
  }

  /** The folder of the CA. */
  function storage(): string {
    return acmeConfigOf({ ...NO_ACME, ...values() })?.folder ?? "";
  }

  const ended = (program: AcmeProgram, count = 1) =>
    until(`${count} orders are over`, () => program.ends.length >= count);

  const serves = (program: AcmeProgram, host = "a.example") =>
    until(`${host} has its certificate`, async () => {
      const shown = await program.shown(host);
      return shown?.issuer.CN === "ACME of a test" && shown.subjectaltname === `DNS:${host}`;
    });

  for (const acmeChallenge of ["http-01", "tls-alpn-01"] as const)
    it(`are got by ${acmeChallenge} and served without a restart`, async () => {
      server.badNonces = 2;
      const program = await start({
        acmeChallenge,
        acmeHosts: ["a.example", "b.example"],
        acmeEmail: "me@a.example",
      });
      const before = await program.shown("a.example");
      expect(before?.subject.CN).to.equal("no certificate yet");
      await serves(program);
      await serves(program, "b.example");
      expect(program.ends).to.deep.equal(["issued", "issued"]);
      expect(server.contacts[0]).to.deep.equal(["mailto:me@a.example"]);
      expect(server.orders.map(({ host }) => host)).to.deep.equal(["a.example", "b.example"]);
    });

  it("are got on a TLS port that refuses unknown names, which serves nobody before", async () => {
    const program = await start({ acmeChallenge: "tls-alpn-01", tlsUnknownName: "refuse" });
    expect(await program.shown("a.example")).to.equal(undefined);
    await serves(program);
    expect(await program.shown("other.example")).to.equal(undefined);
  });

  it("show a challenge only to a client that asks for it, while there is one", async () => {
    let seen: string[] = [];
    const program = await start({ acmeChallenge: "tls-alpn-01" });
    server.beforeCheck = async () => {
      const shown = [
        await program.shown("a.example", ["acme-tls/1"]),
        await program.shown("a.example", ["http/1.1"]),
        await program.shown("a.example", ["h2", "acme-tls/1"]),
        await program.shown("b.example", ["acme-tls/1"]),
      ];
      seen = shown.map((each) => each?.subjectaltname ?? String(each?.subject.CN ?? "refused"));
    };
    await serves(program);
    expect(seen).to.deep.equal(["DNS:a.example", "no certificate yet", "DNS:a.example", "refused"]);
    await until(
      "the challenge is gone",
      async () => (await program.shown("a.example", ["acme-tls/1"])) === undefined,
    );
  });

  it("are kept where only their user can read, with the account", async () => {
    const program = await start();
    await serves(program);
    const modes = readdirSync(storage(), { recursive: true, encoding: "utf8" }).map((name) => {
      const found = statSync(join(storage(), name));
      return `${name} ${found.isDirectory() ? "d" : "f"}${(found.mode & 0o777).toString(8)}`;
    });
    expect(modes).to.include.members([
      "account.pem f600",
      "certificates/a.example.pem f600",
      "orders.json f600",
    ]);
    expect(modes.filter((line) => !/ (d700|f600)$/.test(line))).to.deep.equal([]);
  });

  it("are used again after a restart, with the same account and no order", async () => {
    await serves(await start());
    const account = readFileSync(join(storage(), "account.pem"), "utf8");
    const again = await start();
    expect((await again.shown("a.example"))?.subjectaltname).to.equal("DNS:a.example");
    clock.setWall(MINUTE);
    expect(server.orders).to.have.length(1);
    expect(readFileSync(join(storage(), "account.pem"), "utf8")).to.equal(account);
  });

  it("are renewed at two thirds of their life", async () => {
    server.life = { from: -61, to: 29 };
    const program = await start();
    await ended(program);
    const first = await program.shown("a.example");
    server.life = { from: -1, to: 89 };
    await ended(program, 2);
    await until("the new one serves", async () => {
      const shown = await program.shown("a.example");
      return shown?.serialNumber !== first?.serialNumber && shown?.subjectaltname === "DNS:a.example";
    });
    expect(server.orders).to.have.length(2);
  });

  it("are renewed when the CA asks for it, by an order that says what it replaces", async () => {
    server.suggests = { from: -2, to: -1 };
    const program = await start();
    await ended(program);
    server.suggests = { from: 50, to: 51 };
    const asked = () => JSON.parse(readFileSync(join(storage(), "orders.json"), "utf8")).hosts["a.example"];
    await until("the CA was asked", () => asked().renewal !== undefined);
    server.suggests = { from: -2, to: -1 };
    // RFC 9773 section 4.3: the CA said when to ask again.
    clock.setWall(61_000);
    await ended(program, 2);
    expect(server.orders[1]?.replaces).to.match(/^[\w-]+\.[\w-]+$/);
  });

  it("are tried again later and later when the CA finds no proof", async () => {
    const program = await start();
    server.ports = { http: 1, tls: 1 };
    for (const [failures, minutes] of [
      [1, 5],
      [2, 10],
      [3, 20],
    ] as const) {
      await ended(program, failures);
      const [line] = program.said("certificate not issued").slice(-1);
      expect(line).to.include({ reason: "challenge-failed", failures, host: "a.example" });
      const wait = Date.parse(String(line?.nextTry)) - clock.wall();
      expect(wait).to.be.within((minutes - 1) * MINUTE, minutes * MINUTE);
      expect(server.orders).to.have.length(failures);
      clock.setWall(minutes * MINUTE);
    }
    server.ports = { http: program.httpPort, tls: program.tlsPort };
    await serves(program);
    expect(program.ends.at(-1)).to.equal("issued");
  });

  it("wait as long as a CA asks that limits orders, without trying in between", async () => {
    server.refusals.push({ status: 429, type: "rateLimited", retryAfter: "7200" });
    const program = await start();
    await ended(program);
    expect(program.ends).to.deep.equal(["rate-limited"]);
    const [line] = program.said("certificate not issued");
    expect(Date.parse(String(line?.nextTry)) - clock.wall()).to.be.within(118 * MINUTE, 120 * MINUTE);
    clock.setWall(100 * MINUTE);
    await clock.wait(20_000);
    expect(server.orders).to.have.length(1);
    clock.setWall(20 * MINUTE);
    await serves(program);
  });

  it("of one host come although another is refused", async () => {
    server.refusals.push({ status: 403, type: "rejectedIdentifier" });
    const program = await start({ acmeHosts: ["a.example", "b.example"] });
    await serves(program, "b.example");
    expect(program.ends).to.deep.equal(["refused", "issued"]);
    expect(program.said("certificate not issued")[0]?.cause).to.contain("rejectedIdentifier");
  });

  it("are not asked of a server that is not trusted", async () => {
    writeFileSync(ca, (await makeCertificate(["other"])).cert);
    const program = await start();
    await ended(program);
    expect(program.ends).to.deep.equal(["unreachable"]);
    expect(program.said("certificate not issued")[0]?.cause).to.match(/self-signed|certificate/);
    expect(server.orders).to.deep.equal([]);
    writeFileSync(ca, server.cert);
    clock.setWall(5 * MINUTE);
    await serves(program);
  });

  it("are served but not ordered while the storage cannot be written, which one line says", async () => {
    await serves(await start());
    const certificate = readFileSync(join(storage(), "certificates", "a.example.pem"));
    rmSync(storage(), { recursive: true });
    // A file in the place of a folder can be written by nobody, the superuser included.
    mkdirSync(join(storage(), "certificates"), { recursive: true });
    writeFileSync(join(storage(), "certificates", "a.example.pem"), certificate, { mode: 0o600 });
    writeFileSync(join(storage(), "lock"), "");
    const program = await start({ acmeHosts: ["a.example", "b.example"] });
    expect((await program.shown("a.example"))?.subjectaltname).to.equal("DNS:a.example");
    await ended(program);
    await clock.wait(20_000);
    expect(program.ends).to.deep.equal(["storage"]);
    expect(program.said("ACME storage cannot be used; nothing is ordered")).to.have.length(1);
    rmSync(join(storage(), "lock"));
    await serves(program, "b.example");
  });

  it("take from other users what they must not read", async () => {
    await serves(await start());
    chmodSync(storage(), 0o755);
    chmodSync(join(storage(), "account.pem"), 0o644);
    const program = await start({ acmeHosts: ["a.example", "b.example"] });
    await serves(program, "b.example");
    expect((statSync(storage()).mode & 0o777).toString(8)).to.equal("700");
    expect((statSync(join(storage(), "account.pem")).mode & 0o777).toString(8)).to.equal("600");
    expect(program.said("ACME storage was open to other users; its mode is changed")).to.have.length(2);
  });

  it("are ordered by one program of a fleet, and any of them answers the CA", async () => {
    const all = await Promise.all([start(), start(), start()]);
    const [one] = all;
    let checked = 0;
    server.beforeCheck = async () => {
      checked += 1;
      // The CA comes to one that did not order.
      const orderer = all.find((each) => each.said("certificate ordered").length > 0);
      const other = all.find((each) => each !== orderer) ?? one;
      server.ports = { http: other?.httpPort ?? 0, tls: other?.tlsPort ?? 0 };
    };
    for (const program of all) await serves(program);
    expect([checked, server.orders.length]).to.deep.equal([1, 1]);
    expect(all.flatMap(({ ends }) => ends)).to.deep.equal(["issued"]);
  });

  it("come after a program was killed in the middle of an order, no sooner than after a failure", async () => {
    mkdirSync(join(storage(), "http-01"), { recursive: true, mode: 0o700 });
    mkdirSync(join(storage(), "lock"), { mode: 0o700 });
    writeFileSync(join(storage(), "http-01", "left"), "left.over");
    writeFileSync(join(storage(), "lock", "7"), "dead 00000000");
    const begun = {
      orders: [clock.wall()],
      hosts: { "a.example": { failures: 0, notBefore: 0, underWay: true } },
    };
    writeFileSync(join(storage(), "orders.json"), JSON.stringify(begun));
    const program = await start();
    await ended(program);
    expect(program.ends).to.deep.equal(["unfinished"]);
    expect(existsSync(join(storage(), "http-01", "left"))).to.equal(false);
    expect(server.orders).to.deep.equal([]);
    clock.setWall(5 * MINUTE);
    await serves(program);
  });

  it("are left off without a failure when the program stops in the middle of an order", async () => {
    const never = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    server.beforeCheck = () => {
      reached.resolve();
      return never.promise;
    };
    const program = await start();
    await reached.promise;
    await program.stop();
    programs = [];
    expect(program.ends).to.deep.equal([]);
    expect(readdirSync(join(storage(), "http-01"))).to.deep.equal([]);
    server.beforeCheck = async () => undefined;
    await serves(await start());
  });

  it("leave every other request below the path of challenges to the program", async () => {
    const program = await start();
    const asked: string[] = [];
    const get = async (path: string, method = "GET") => {
      const response = await fetch(`${program.http.url}${path}`, { method });
      return `${response.status} ${await response.text()}`;
    };
    const prefix = "/.well-known/acme-challenge/";
    server.beforeCheck = async () => {
      const [token = ""] = readdirSync(join(storage(), "http-01"));
      asked.push(
        ...(await Promise.all([
          get(`${prefix}${token}`),
          get(`${prefix}${token}`, "HEAD"),
          get(`${prefix}${token}`, "POST"),
          get(`${prefix}${token}?x`),
          get(`${prefix}${token}/`),
          get(`${prefix}x`),
          get(`${prefix}%2e%2e/account.pem`),
          get(`${prefix}..%2faccount.pem`),
          get(`${prefix}${"x".repeat(4_000)}`),
          get(prefix),
        ])),
      );
    };
    await serves(program);
    const [proof, head, ...others] = asked;
    expect(proof).to.match(/^200 [\w-]+\.[\w-]+$/);
    expect(head).to.equal("200 ");
    expect([...new Set(others)]).to.deep.equal(["200 own"]);
  });
});
