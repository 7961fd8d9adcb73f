import { expect } from "chai";
import {
  type AcmeValues,
  acmeConfigOf,
  acmeProblems,
  acmeSettings,
  hostsToProve,
  NO_ACME,
} from "./acme-settings.ts";

const good: AcmeValues = {
  ...NO_ACME,
  acmeDirectory: "https://ca.example/directory",
  acmeStorage: "/s",
  acmeAcceptTerms: true,
};
const sites = { sites: ["a.example", "127.0.0.1"], answersAny: false };

describe("the settings of ACME", () => {
  it("are good without any, and with what they need", () => {
    expect(acmeProblems(NO_ACME, undefined, sites)).to.deep.equal([]);
    expect(acmeProblems(good, 443, sites)).to.deep.equal([]);
  });

  it("say what is missing beside --acme-directory", () => {
    const lone = { ...good, acmeStorage: undefined, acmeAcceptTerms: false };
    expect(acmeProblems(lone, undefined, sites)).to.deep.equal([
      "--acme-directory: must be given together with --tls-port; got no --tls-port",
      "--acme-directory: must be given together with --acme-storage; got no --acme-storage",
      "--acme-directory: must be given together with --acme-accept-terms, which says that you accept the terms of its CA; got no --acme-accept-terms",
    ]);
  });

  it("say what is of no use without --acme-directory", () => {
    const given: AcmeValues = {
      ...good,
      acmeDirectory: undefined,
      acmeEmail: "me@a.example",
      acmeCa: "ca.pem",
      acmeChallenge: "tls-alpn-01",
      acmeHosts: ["a.example"],
    };
    const lines = acmeProblems(given, 443, sites);
    expect(lines.map((line) => line.split(":")[0])).to.deep.equal([
      "--acme-accept-terms",
      "--acme-email",
      "--acme-storage",
      "--acme-ca",
      "--acme-challenge",
      "--acme-hosts",
    ]);
    expect(lines[0]).to.contain("got no --acme-directory");
  });

  it("name hosts of the configured sites, unless one answers every host", () => {
    const other = { ...good, acmeHosts: ["a.example", "b.example"] };
    expect(acmeProblems(other, 443, sites)).to.deep.equal([
      '--acme-hosts: must be hosts of configured sites, got "b.example"',
    ]);
    expect(acmeProblems(other, 443, { sites: [], answersAny: true })).to.deep.equal([]);
  });

  it("need a host, which is a name without a wildcard", () => {
    for (const named of [[], ["127.0.0.1", "::1"]])
      expect(acmeProblems(good, 443, { sites: named, answersAny: true })[0]).to.match(
        /^--acme-hosts: must name a host/,
      );
    const { parse, rule } = acmeSettings.acmeHosts.type;
    expect(parse("A.example,b.example")).to.deep.equal(["a.example", "b.example"]);
    for (const bad of ["*.example", "127.0.0.1", "[::1]", "a..b", "", "a.example,*.example"])
      expect(parse(bad), bad).to.equal(undefined);
    expect(rule).to.contain("without a wildcard");
    const long = (length: number) => `${"a".repeat(length % 2)}${"a.".repeat(length / 2 - 4)}aexample`;
    expect(parse(long(240))?.[0]).to.have.length(240);
    expect(parse(long(241))).to.equal(undefined);
  });

  it("take the names of the sites, and no addresses, where no hosts are given", () => {
    expect(hostsToProve(good, sites.sites)).to.deep.equal(["a.example"]);
    expect(hostsToProve({ ...good, acmeHosts: ["b.example"] }, sites.sites)).to.deep.equal(["b.example"]);
    expect(hostsToProve(NO_ACME, sites.sites)).to.deep.equal([]);
  });

  it("keep what each CA issues in a folder of its own", () => {
    const folder = (acmeDirectory: string) => acmeConfigOf({ ...good, acmeDirectory })?.folder ?? "";
    expect(folder("https://ca.example/directory")).to.match(/^\/s\/ca\.example-[0-9a-f]{8}$/);
    expect(folder("https://ca.example/directory")).not.to.equal(folder("https://ca.example/other"));
    expect(folder("https://[::1]:1/..")).to.match(/^\/s\/[\w.-]+$/);
    expect(acmeConfigOf(NO_ACME)).to.equal(undefined);
  });

  it("take URLs that are https alone, and one e-mail address", () => {
    const url = acmeSettings.acmeDirectory.type;
    expect(url.parse("https://ca.example/directory")).to.equal("https://ca.example/directory");
    for (const bad of [
      "http://ca.example/",
      "ca.example",
      "https://u:p@ca.example/",
      "https://ca.example/?a",
      "https://",
    ])
      expect(url.parse(bad), bad).to.equal(undefined);
    const { parse } = acmeSettings.acmeEmail.type;
    expect(parse("me@a.example")).to.equal("me@a.example");
    for (const bad of ["me", "me@a,you@b", "mailto:", "a@b?x=1", "a b@c"])
      expect(parse(bad), bad).to.equal(undefined);
  });
});
