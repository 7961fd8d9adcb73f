import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readIdentity } from "../../process/control/identity.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";

describe("admin-cli certs", function () {
  this.timeout(20_000);
  let dir: string;

  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), "edgecache-certs-")), "fleet");
  });
  afterEach(() => rmSync(join(dir, ".."), { recursive: true, force: true }));

  const certs = (...argv: string[]) => runAdminCli(["certs", ...argv, "--dir", dir]);
  const file = (name: string) => join(dir, name);
  const certificate = (name: string) => new X509Certificate(readFileSync(file(`${name}.cert.pem`)));

  it("makes a CA, and certificates that fit it, with keys for their user alone", async () => {
    const { code, stdout } = await certs("edge-1=edge-1.internal,10.0.0.1", "ann");
    expect(code).to.equal(0);
    expect(stdout).to.contain(
      "callers:\n  - name: edge-1\n    may: []\n  - name: ann\n    may: [read, purge]\n",
    );
    expect(certificate("edge-1").subjectAltName).to.equal(
      "DNS:edge-1, DNS:edge-1.internal, IP Address:10.0.0.1",
    );
    expect(certificate("ann").subjectAltName).to.equal("DNS:ann");
    // The usages of a server, then of a client.
    expect(certificate("edge-1").keyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(certificate("ann").keyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.2"]);
    for (const name of ["ca", "edge-1", "ann"]) {
      expect(statSync(file(`${name}.key.pem`)).mode & 0o777, name).to.equal(0o600);
    }
    for (const name of ["edge-1", "ann"]) {
      const pair = { cert: file(`${name}.cert.pem`), key: file(`${name}.key.pem`) };
      const read = readIdentity({ ca: file("ca.cert.pem"), pair }, Date.now(), (path) =>
        readFileSync(path, "utf8"),
      );
      expect(read.kind, name).to.equal("identity");
    }
  });

  it("keeps the CA, renews what it made, and can print JSON", async () => {
    await certs("ann");
    const [ca, before] = [certificate("ca").fingerprint256, certificate("ann").fingerprint256];
    const { made } = JSON.parse((await certs("ann", "--days", "7", "--json")).stdout);
    expect(made[0]).to.deep.include({ name: "ann", hosts: [] });
    expect(Date.parse(made[0].validTo) - Date.now()).to.be.within(6 * 86_400_000, 8 * 86_400_000);
    expect(certificate("ca").fingerprint256).to.equal(ca);
    expect(certificate("ann").fingerprint256).not.to.equal(before);
    expect((await certs("bob", "--days", "3650")).code).to.equal(0);
    expect(certificate("bob").validToDate.getTime()).to.equal(certificate("ca").validToDate.getTime());
  });

  const refused: readonly (readonly [argv: readonly string[], problem: RegExp])[] = [
    [[], /^admin-cli: certs: takes at least one name, got nothing\n$/],
    [["Ann"], /a name must be 1 to 63 lower-case letters, .* got "Ann"\n$/],
    [["ca"], /a name must be .* got "ca"\n$/],
    [["../x"], /a name must be .* got "..\/x"\n$/],
    [["edge-1="], /edge-1=: must be host names and addresses, got an empty value\n$/],
    [["edge-1=a b"], /must be host names and addresses, got "a b"\n$/],
    [["ann", "ann"], /each name must be given once, got "ann" twice\n$/],
    [["ann", "--days", "0"], /--days: must be a whole number from 1 to 3650, got "0"\n$/],
  ];
  for (const [argv, problem] of refused) {
    it(`refuses ${JSON.stringify(argv)} and writes nothing`, async () => {
      const { code, stderr } = await certs(...argv);
      expect([code, existsSync(dir)]).to.deep.equal([2, false]);
      expect(stderr).to.match(problem);
    });
  }

  it("refuses half a CA", async () => {
    await certs("ann");
    writeFileSync(file("ca.key.pem"), readFileSync(file("ann.key.pem")));
    const { code, stderr } = await certs("bob");
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /must hold ca.cert.pem and ca.key.pem that fit each other, or neither: --control-key: /,
    );
    expect(existsSync(file("bob.cert.pem"))).to.equal(false);
    chmodSync(file("ca.key.pem"), 0o600);
  });
});
