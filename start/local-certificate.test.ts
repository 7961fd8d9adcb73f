import { readFileSync, statSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { readCertificate } from "../http/tls/certificate.ts";
import { CertificateFolder } from "../test/rig/certificate-files.ts";
import { localCertificate } from "./local-certificate.ts";

describe("the certificate of npm start", () => {
  let folder: CertificateFolder;

  beforeEach(() => {
    folder = new CertificateFolder();
  });
  afterEach(() => folder.remove());

  it("is for this machine, and its key for its user alone", async () => {
    const files = await localCertificate(folder.file("own"), Date.now());
    const read = readCertificate(files, (path) => readFileSync(path, "utf8"));
    expect(read.kind === "certificate" && read.certificate.names).to.deep.equal(["localhost"]);
    expect([statSync(files.key).mode & 0o777, statSync(folder.file("own")).mode & 0o777]).to.deep.equal([
      0o600, 0o700,
    ]);
  });

  it("is kept until it is about to end, and made anew when it is damaged", async () => {
    const now = Date.now();
    const made = async (at: number) => readFileSync((await localCertificate(folder.path, at)).cert, "utf8");
    const first = await made(now);
    expect(await made(now + 1_000)).to.equal(first);
    const later = now + 360 * 24 * 3_600_000;
    const second = await made(later);
    expect(second).not.to.equal(first);
    writeFileSync(folder.file("localhost.cert.pem"), "damaged");
    expect(await made(later)).to.contain("BEGIN CERTIFICATE");
  });
});
