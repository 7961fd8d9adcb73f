import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { acmeConfigOf, NO_ACME } from "../../http/acme/acme-settings.ts";
import { AcmeProgram } from "../rig/acme-program.ts";
import { FastClock } from "../rig/fast-clock.ts";
import { freePort } from "../rig/free-port.ts";
import { hasPebble, Pebble } from "../rig/pebble.ts";
import { until } from "../rig/until.ts";

const DAY_MS = 24 * 3_600_000;

// http/acme/certificate-keeper.test.ts has the same stories with an ACME server of our own.
describe("certificates from Pebble, where it is on PATH", () => {
  let folder: string;
  let pebble: Pebble;
  let program: AcmeProgram | undefined;
  const ports = { http: 0, tls: 0 };

  before(async function () {
    if (!hasPebble()) this.skip();
    folder = mkdtempSync(join(tmpdir(), "edgecache-pebble-"));
    ports.http = await freePort();
    ports.tls = await freePort();
    pebble = await Pebble.start(folder, ports);
    writeFileSync(join(folder, "ca.pem"), pebble.ca);
  });
  afterEach(async () => {
    await program?.stop();
    program = undefined;
  });
  after(async () => {
    await pebble?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const acmeChallenge of ["http-01", "tls-alpn-01"] as const)
    it(`are got by ${acmeChallenge}, and renewed`, async () => {
      const values = {
        acmeDirectory: pebble.directory,
        acmeStorage: join(folder, acmeChallenge),
        acmeCa: join(folder, "ca.pem"),
        acmeEmail: "ops@example.org",
        acmeHosts: ["a.example"],
        acmeChallenge,
        tlsPort: ports.tls,
      };
      const clock = new FastClock(10);
      const started = await AcmeProgram.start(values, clock, ports.http);
      program = started;
      const serial = async () => {
        const shown = await started.shown("a.example");
        return shown?.subjectaltname === "DNS:a.example" ? shown.serialNumber : undefined;
      };
      await until("the certificate serves", async () => (await serial()) !== undefined);
      const first = await serial();
      const kept = join(acmeConfigOf({ ...NO_ACME, ...values })?.folder ?? "", "orders.json");
      const renewal = () => JSON.parse(readFileSync(kept, "utf8")).hosts["a.example"].renewal;
      await until("Pebble was asked when to renew", () => renewal()?.window !== undefined);
      clock.setWall(80 * DAY_MS);
      await until("another one serves", async () => ![first, undefined].includes(await serial()));
      expect(started.ends).to.deep.equal(["issued", "issued"]);
      // Pebble does not know that it is later: the new one is due at once, and still is not ordered again.
      await started.stop();
      // The account is known to Pebble.
      const again = await AcmeProgram.start(
        { ...values, acmeHosts: ["a.example", "b.example"] },
        clock,
        ports.http,
      );
      program = again;
      await until("the other host has one", async () => {
        const shown = await again.shown("b.example");
        return shown?.subjectaltname === "DNS:b.example";
      });
      expect(again.ends).to.deep.equal(["issued"]);
    });
});
