import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { AcmeStory, ended, serves } from "../../test/rig/acme-story.ts";
import { makeCertificate } from "../../test/rig/certificate-files.ts";
import { until } from "../../test/rig/until.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("certificates that come by ACME", () => {
  let story: AcmeStory;

  beforeEach(async () => {
    story = await AcmeStory.begin();
  });
  afterEach(() => story.end());

  /** From the last order to the next try that this line tells. */
  function waited(line: Readonly<Record<string, unknown>> | undefined): number {
    const { orders } = JSON.parse(readFileSync(story.kept("orders.json"), "utf8"));
    return Date.parse(String(line?.nextTry)) - orders.at(-1);
  }

  for (const acmeChallenge of ["http-01", "tls-alpn-01"] as const)
    it(`are got by ${acmeChallenge} and served without a restart`, async () => {
      story.server.badNonces = 2;
      const program = await story.start({
        acmeChallenge,
        acmeHosts: ["a.example", "b.example"],
        acmeEmail: "me@a.example",
      });
      const before = await program.shown("a.example");
      expect(before?.subject.CN).to.equal("no certificate yet");
      await serves(program);
      await serves(program, "b.example");
      expect(program.ends).to.deep.equal(["issued", "issued"]);
      expect(story.server.contacts[0]).to.deep.equal(["mailto:me@a.example"]);
      expect(story.server.orders.map(({ host }) => host)).to.deep.equal(["a.example", "b.example"]);
    });

  it("are got on a TLS port that refuses unknown names, which serves nobody before", async () => {
    const program = await story.start({ acmeChallenge: "tls-alpn-01", tlsUnknownName: "refuse" });
    expect(await program.shown("a.example")).to.equal(undefined);
    await serves(program);
    expect(await program.shown("other.example")).to.equal(undefined);
  });

  it("are used again after a restart, with the same account and no order", async () => {
    const first = await story.start();
    await serves(first);
    await first.stop();
    const account = readFileSync(story.kept("account.pem"), "utf8");
    const again = await story.start();
    expect((await again.shown("a.example"))?.subjectaltname).to.equal("DNS:a.example");
    await story.looked();
    expect(story.server.orders).to.have.length(1);
    expect(readFileSync(story.kept("account.pem"), "utf8")).to.equal(account);
  });

  it("are renewed at two thirds of their life", async () => {
    story.server.life = { from: -61, to: 29 };
    const program = await story.start();
    await ended(program);
    await serves(program);
    const first = await program.shown("a.example");
    story.server.life = { from: -1, to: 89 };
    // Not before it has served for a day: a CA or a clock that is wrong leads to no more orders than that.
    await story.looked();
    expect(story.server.orders).to.have.length(1);
    story.clock.setWall(DAY);
    await ended(program, 2);
    await until("the new one serves", async () => {
      const shown = await program.shown("a.example");
      return shown?.serialNumber !== first?.serialNumber && shown?.subjectaltname === "DNS:a.example";
    });
    expect(story.server.orders).to.have.length(2);
  });

  it("are renewed when the CA asks for it, by an order that says what it replaces", async () => {
    story.server.suggests = { from: -2, to: -1 };
    const program = await story.start();
    await ended(program);
    story.server.suggests = { from: 50, to: 51 };
    const asked = () => JSON.parse(readFileSync(story.kept("orders.json"), "utf8")).hosts["a.example"];
    await until("the CA was asked", () => asked().renewal !== undefined);
    story.server.suggests = { from: -2, to: -1 };
    // RFC 9773 section 4.3: the CA said when to ask again.
    story.clock.setWall(DAY);
    await ended(program, 2);
    expect(story.server.orders[1]?.replaces).to.match(/^[\w-]+\.[\w-]+$/);
  });

  it("are tried again later and later when the CA finds no proof", async () => {
    const program = await story.start();
    story.server.ports = { http: 1, tls: 1 };
    for (const [failures, minutes] of [
      [1, 5],
      [2, 10],
      [3, 20],
    ] as const) {
      await ended(program, failures);
      const [line] = program.said("certificate not issued").slice(-1);
      expect(line).to.include({ reason: "challenge-failed", failures, host: "a.example" });
      // The order itself took a while.
      expect(waited(line)).to.be.within(minutes * MINUTE, 2 * minutes * MINUTE - 1);
      expect(story.server.orders).to.have.length(failures);
      story.clock.setWall(minutes * MINUTE);
    }
    story.server.ports = { http: program.httpPort, tls: program.tlsPort };
    await serves(program);
    expect(program.ends.at(-1)).to.equal("issued");
  });

  it("wait as long as a CA asks that limits orders, without trying in between", async () => {
    story.server.refusals.push({ status: 429, type: "rateLimited", retryAfter: "7200" });
    const program = await story.start();
    await ended(program);
    expect(program.ends).to.deep.equal(["rate-limited"]);
    const [line] = program.said("certificate not issued");
    expect(waited(line)).to.be.within(120 * MINUTE, 180 * MINUTE);
    story.clock.setWall(100 * MINUTE);
    await story.looked();
    expect(story.server.orders).to.have.length(1);
    story.clock.setWall(20 * MINUTE);
    await serves(program);
  });

  it("of one host come although another is refused", async () => {
    story.server.refusals.push({ status: 403, type: "rejectedIdentifier" });
    const program = await story.start({ acmeHosts: ["a.example", "b.example"] });
    await serves(program, "b.example");
    expect(program.ends).to.deep.equal(["refused", "issued"]);
    expect(program.said("certificate not issued")[0]?.cause).to.contain("rejectedIdentifier");
  });

  it("are ordered by a new account when the CA has lost the old one", async () => {
    story.server.refusals.push({ status: 403, type: "rejectedIdentifier" });
    const program = await story.start();
    await ended(program);
    story.server.forgetAccounts();
    story.clock.setWall(5 * MINUTE);
    await ended(program, 2);
    expect(program.said("certificate not issued").at(-1)?.cause).to.contain("accountDoesNotExist");
    story.clock.setWall(10 * MINUTE);
    await serves(program);
    expect(story.server.contacts).to.have.length(2);
  });

  it("are not asked of a server that is not trusted", async () => {
    writeFileSync(story.ca, (await makeCertificate(["other"])).cert);
    const program = await story.start();
    await ended(program);
    expect(program.ends).to.deep.equal(["unreachable"]);
    expect(program.said("certificate not issued")[0]?.cause).to.match(/self-signed|certificate/);
    expect(story.server.orders).to.deep.equal([]);
    writeFileSync(story.ca, story.server.cert);
    story.clock.setWall(5 * MINUTE);
    await serves(program);
  });

  it("are ordered by one program of a fleet, and any of them answers the CA", async () => {
    await story.end();
    // The lock of a program that stands still is taken over after a minute.
    story = await AcmeStory.begin(5);
    const all = await Promise.all([story.start(), story.start(), story.start()]);
    const [one] = all;
    let checked = 0;
    story.server.beforeCheck = async () => {
      checked += 1;
      // The CA comes to one that did not order.
      const orderer = all.find((each) => each.said("certificate ordered").length > 0);
      const other = all.find((each) => each !== orderer) ?? one;
      story.server.ports = { http: other?.httpPort ?? 0, tls: other?.tlsPort ?? 0 };
    };
    for (const program of all) await serves(program);
    expect([checked, story.server.orders.length]).to.deep.equal([1, 1]);
    expect(all.flatMap(({ ends }) => ends)).to.deep.equal(["issued"]);
  });

  it("come after a program was killed in the middle of an order, no sooner than after a failure", async () => {
    mkdirSync(story.kept("http-01"), { recursive: true, mode: 0o700 });
    mkdirSync(story.kept("lock"), { mode: 0o700 });
    writeFileSync(story.kept("http-01", "left"), "left.over");
    writeFileSync(story.kept("lock", "7"), "dead 00000000");
    const begun = {
      orders: [story.clock.wall()],
      hosts: { "a.example": { failures: 0, notBefore: 0, underWay: true } },
    };
    writeFileSync(story.kept("orders.json"), JSON.stringify(begun));
    const program = await story.start();
    await ended(program);
    expect(program.ends).to.deep.equal(["unfinished"]);
    expect(existsSync(story.kept("http-01", "left"))).to.equal(false);
    expect(story.server.orders).to.deep.equal([]);
    story.clock.setWall(5 * MINUTE);
    await serves(program);
  });

  it("are left to the program that took the lock over, with what it has noted", async () => {
    const never = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    story.server.beforeCheck = () => {
      reached.resolve();
      return never.promise;
    };
    const program = await story.start();
    await reached.promise;
    writeFileSync(story.kept("lock", "1000"), "another 00000000");
    const noted = {
      orders: [],
      hosts: { "a.example": { failures: 3, notBefore: story.clock.wall() + DAY } },
    };
    writeFileSync(story.kept("orders.json"), JSON.stringify(noted));
    await until("it leaves off", () => program.said("certificate left to another program").length > 0);
    await story.looked();
    expect(JSON.parse(readFileSync(story.kept("orders.json"), "utf8"))).to.deep.equal(noted);
    expect(program.ends).to.deep.equal([]);
  });

  it("are not asked about without the file of the CA, which one line says", async () => {
    const first = await story.start();
    await serves(first);
    await first.stop();
    rmSync(story.ca);
    const program = await story.start();
    story.clock.setWall(2 * DAY);
    await ended(program);
    await story.looked();
    expect(program.ends).to.deep.equal(["storage"]);
    expect(program.said("no certificates can be ordered")).to.have.length(1);
    expect(program.said("no certificates can be ordered")[0]?.cause).to.contain("--acme-ca");
  });

  it("are left off without a failure when the program stops in the middle of an order", async () => {
    const never = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    story.server.beforeCheck = () => {
      reached.resolve();
      return never.promise;
    };
    const program = await story.start();
    await reached.promise;
    await program.stop();
    expect(program.ends).to.deep.equal([]);
    expect(readdirSync(story.kept("http-01"))).to.deep.equal([]);
    story.server.beforeCheck = async () => undefined;
    const first = await story.start();
    await serves(first);
    await first.stop();
  });
});
