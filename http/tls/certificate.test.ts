import { expect } from "chai";
import { type MadeCertificate, makeCertificate } from "../../test/rig/certificate-files.ts";
import { type Certificate, certificateFindings, covers, readCertificate } from "./certificate.ts";

const FILES = { cert: "a.cert", key: "a.key" };

describe("a certificate of a TLS port", () => {
  let site: MadeCertificate;
  let other: MadeCertificate;

  before(async () => {
    site = await makeCertificate(["a.example", "*.B.example"]);
    other = await makeCertificate(["other.example"]);
  });

  const read = (cert: string, key: string) =>
    readCertificate(FILES, (path) => (path === FILES.cert ? cert : key));
  const why = (cert: string, key: string) => {
    const result = read(cert, key);
    return result.kind === "unusable" ? result.why : undefined;
  };
  const certificateOf = (cert: string, key: string): Certificate => {
    const result = read(cert, key);
    if (result.kind === "unusable") throw new Error(result.why);
    return result.certificate;
  };

  it("tells its names in lower case", () => {
    expect(certificateOf(site.cert, site.key).names).to.deep.equal(["a.example", "*.b.example"]);
  });

  it("is refused with the reason and the files", () => {
    expect(why(site.cert, other.key)).to.equal("the certificate in a.cert does not match the key in a.key");
    expect(why(other.cert + site.cert, site.key)).to.equal(
      "the server's own certificate must stand first in a.cert; its issuers follow",
    );
    expect(why("nothing", site.key)).to.equal("a.cert has no certificate in PEM form");
    expect(why(site.cert, site.cert)).to.equal("a.key has no private key in PEM form without a passphrase");
    expect(why(site.cert.replaceAll(/[A-Z]/g, "x"), site.key)).to.contain("a.cert");
    const missing = readCertificate(FILES, () => {
      throw new Error("ENOENT: a.cert");
    });
    expect(missing).to.deep.equal({ kind: "unusable", why: "ENOENT: a.cert" });
  });

  it("is warned of when it has ended, has not begun, has a chain in disorder, or is for no site", async () => {
    const now = Date.now();
    const expired = await makeCertificate(["a.example"], -2);
    const warnings = (made: MadeCertificate, at: number, hosts: readonly string[] = []) =>
      certificateFindings(certificateOf(made.cert, made.key), at, hosts).map(
        ({ severity, about, text }) => `${severity} ${about}: ${text}`,
      );
    expect(warnings(site, now, ["x.b.example"])).to.deep.equal([]);
    expect(warnings(expired, now)[0]).to.match(
      /^problem a.cert: the certificate expired on \d{4}-\d\d-\d\d$/,
    );
    expect(warnings(site, now + 25 * 24 * 3_600_000)[0]).to.match(
      /^warning a.cert: the certificate expires on \d{4}-\d\d-\d\d$/,
    );
    expect(warnings(site, now - 40 * 24 * 3_600_000)[0]).to.contain("is not valid before");
    expect(warnings({ cert: site.cert + other.cert, key: site.key }, now)[0]).to.contain(
      "must be followed by that of its issuer",
    );
    expect(warnings(site, now, ["c.example"])).to.deep.equal([
      "warning a.cert: the certificate is for no configured site: it is for a.example, *.b.example",
    ]);
  });

  it("covers with a wildcard one label and no more", () => {
    const names = ["*.b.example"];
    expect(
      ["x.b.example", "b.example", "x.y.b.example", "b"].map((host) => covers(names, host)),
    ).to.deep.equal([true, false, false, false]);
  });
});
