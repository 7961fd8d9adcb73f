import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ControlCertificates, type PairFiles } from "../../test/rig/control-certificates.ts";
import { readIdentity } from "./identity.ts";

const DAY_MS = 24 * 3_600_000;

describe("the identity of a program on the control plane", () => {
  let fleet: ControlCertificates;
  let others: ControlCertificates;
  let edge: PairFiles;

  before(async () => {
    fleet = await ControlCertificates.make();
    others = await ControlCertificates.make();
    edge = await fleet.server("edge-1");
  });
  after(() => {
    fleet.remove();
    others.remove();
  });

  const read = (pair: PairFiles | undefined, ca = fleet.ca, now = Date.now()) =>
    readIdentity({ ca, pair }, now, (path) => readFileSync(path, "utf8"));

  function problem(...args: Parameters<typeof read>): string {
    const result = read(...args);
    if (result.kind === "identity") throw new Error("it is usable");
    return result.problem.replaceAll(fleet.path, "").replaceAll(others.path, "/others");
  }

  it("is made of files that fit each other", () => {
    const result = read(edge);
    if (result.kind === "unusable") throw new Error(result.problem);
    expect(result.identity.names).to.deep.equal(["edge-1", "localhost"]);
    expect(result.identity.validTo).to.be.within(Date.now() + 19 * DAY_MS, Date.now() + 21 * DAY_MS);
    expect(read(undefined).kind).to.equal("identity");
  });

  it("takes intermediate certificates and several CAs", () => {
    const both = fleet.file("both.pem", readFileSync(others.ca, "utf8") + readFileSync(fleet.ca, "utf8"));
    expect(read(edge, both).kind).to.equal("identity");
    const chain = readFileSync(edge.cert, "utf8") + readFileSync(fleet.ca, "utf8");
    expect(read({ ...edge, cert: fleet.file("chain.pem", chain) }).kind).to.equal("identity");
  });

  it("is refused for each file that cannot be used, by flag, rule and file", async () => {
    const eve = await others.server("eve");
    const missing = problem({ ...edge, cert: fleet.files("none").cert });
    expect(missing).to.match(
      /^--control-cert: must be a file that can be read, got "\/none.cert.pem" \(ENOENT: /,
    );
    expect(problem(edge, fleet.file("empty.pem", ""))).to.equal(
      '--control-ca: must be certificates in PEM form, "/empty.pem" has none',
    );
    const broken = fleet.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(problem({ ...edge, cert: broken })).to.match(
      /^--control-cert: must be certificates in PEM form, "\/broken.pem" has one that cannot be read \(/,
    );
    expect(problem({ ...edge, key: edge.cert })).to.equal(
      '--control-key: must be a private key in PEM form without a passphrase, "/edge-1.cert.pem" has none',
    );
    expect(problem({ ...edge, key: eve.key })).to.equal(
      '--control-key: must be the key of the first certificate in "/edge-1.cert.pem", "/others/eve.key.pem" has another one',
    );
    expect(problem(eve)).to.equal(
      '--control-cert: must be issued by the CA in "/ca.cert.pem", "/others/eve.cert.pem" is issued by "CN=A private CA"',
    );
    expect(problem(edge, edge.cert)).to.match(
      /^--control-ca: must be certificates of a CA, "\/edge-1.cert.pem" has one of "CN=edge-1" that is none$/,
    );
  });

  it("is refused when a certificate has expired or is not valid yet", async () => {
    const now = Date.now();
    expect(problem(edge, fleet.ca, now + 21 * DAY_MS)).to.match(
      /^--control-cert: must be valid now, "\/edge-1.cert.pem" expired at .*; the clock of this machine says /,
    );
    expect(problem(edge, fleet.ca, now + 31 * DAY_MS)).to.match(
      /^--control-ca: must be valid now, "\/ca.cert.pem" expired at /,
    );
    const early = await fleet.server("early", { from: 1, days: 3 });
    expect(problem(early)).to.match(
      /^--control-cert: must be valid now, "\/early.cert.pem" is not valid before /,
    );
  });
});
