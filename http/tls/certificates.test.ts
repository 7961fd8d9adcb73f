import { expect } from "chai";
import { pino } from "pino";
import { systemClock } from "../../process/clock.ts";
import { CertificateFolder, makeCertificate } from "../../test/rig/certificate-files.ts";
import type { CertificateFiles } from "./certificate.ts";
import { Certificates, type CertificatesConfig } from "./certificates.ts";

describe("the certificates of a TLS port", () => {
  let folder: CertificateFolder;
  let lines: string[];
  let exact: CertificateFiles;
  let wild: CertificateFiles;

  beforeEach(async () => {
    folder = new CertificateFolder();
    lines = [];
    exact = await folder.make("exact", ["a.example"]);
    wild = await folder.make("wild", ["*.example", "b.example"], 10);
  });
  afterEach(() => folder.remove());

  function load(config: Partial<CertificatesConfig> = {}): Certificates {
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    const pairs = [exact, wild];
    return new Certificates(
      { pairs, unknownName: "default", ticketKeys: undefined, hosts: [], ...config },
      systemClock,
      log,
    );
  }

  it("are chosen by the exact name, then by the wildcard, then the first serves", () => {
    const certificates = load({ pairs: [wild, exact] });
    const other = certificates.named("A.EXAMPLE");
    expect(other).not.to.equal(certificates.unnamed);
    for (const name of ["b.example", "x.example", "unknown", "x.y.example", "", "..", "\0", "*.example"])
      expect(certificates.named(name), name).to.equal(certificates.unnamed);
    expect(load({ unknownName: "refuse" }).named("unknown")).to.equal(undefined);
    expect(load({ unknownName: "refuse" }).named("x.example")).not.to.equal(undefined);
  });

  it("tell when the first of them ends", () => {
    expect(Math.floor((load().endsAt - Date.now()) / 86_400_000)).to.equal(9);
  });

  it("follow their files", async () => {
    const certificates = load();
    const [first, second] = [certificates.unnamed, certificates.named("b.example")];
    certificates.refresh();
    expect(certificates.unnamed).to.equal(first);
    folder.write("exact", await makeCertificate(["new.example"]));
    certificates.refresh();
    expect(certificates.named("new.example")).to.equal(certificates.unnamed);
    expect([first, second]).not.to.include(certificates.unnamed);
    expect(lines).to.deep.equal(["certificates reloaded"]);
  });

  it("stay as they were while a pair is half replaced, and say so once", async () => {
    const certificates = load();
    const before = certificates.unnamed;
    const next = await makeCertificate(["a.example"]);
    const { key } = await makeCertificate(["a.example"]);
    folder.write("exact", { cert: next.cert, key });
    certificates.refresh();
    certificates.refresh();
    expect(certificates.unnamed).to.equal(before);
    expect(lines).to.deep.equal(["certificates not reloaded; the last good ones serve"]);
    folder.write("exact", next);
    certificates.refresh();
    expect(certificates.unnamed).not.to.equal(before);
  });

  it("are refused at the start, each unusable pair with one line", () => {
    const mixed = [
      { cert: exact.cert, key: wild.key },
      { cert: folder.file("none"), key: exact.key },
    ];
    expect(() => load({ pairs: mixed })).to.throw(
      /^--tls-cert, --tls-key: the certificate in .* does not match the key in .*\n--tls-cert, --tls-key: ENOENT.*none'$/,
    );
  });

  it("are warned of at the start", async () => {
    const expired = await folder.make("expired", ["c.example"], -1);
    load({ pairs: [expired], hosts: ["a.example"] });
    expect(lines[0]).to.contain("expired on");
    expect(lines[1]).to.contain("is for no configured site");
  });
});
