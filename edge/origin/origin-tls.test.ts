import { expect } from "chai";
import { edgeConfig } from "../config.ts";

describe("the TLS settings of a site", () => {
  const read = (argv: readonly string[], yaml?: string) =>
    edgeConfig({
      argv: yaml === undefined ? argv : [...argv, "--config", "edge.yaml"],
      env: {},
      readFile: () => yaml ?? "",
    }).sites.map(({ tls }) => tls);

  it("come from flags, or from keys of the same names", () => {
    const flags = [
      ...["--origin", "https://o", "--origin-ca", "ca", "--origin-cert", "c", "--origin-key", "k"],
      ...["--origin-server-name", "shop.internal", "--origin-tls-min", "TLSv1.3"],
    ];
    const all = { ca: "ca", cert: "c", key: "k", serverName: "shop.internal", minVersion: "TLSv1.3" };
    expect(read(flags)).to.deep.equal([all]);
    const keys =
      "origin-ca: ca, origin-cert: c, origin-key: k, origin-server-name: shop.internal, origin-tls-min: TLSv1.3";
    expect(read([], `sites: [{name: a, origin: 'https://o', ${keys}}]`)).to.deep.equal([all]);
  });

  it("may be for one of the other origins of a site", () => {
    const [all] = read(
      [],
      "sites: [{name: a, origin: 'http://o', origins: {api: 'https://p'}, origin-ca: ca}]",
    );
    expect(all).to.include({ ca: "ca" });
  });

  const refused: readonly (readonly [flags: readonly string[], problem: string])[] = [
    [
      ["--origin", "https://o", "--origin-cert", "c"],
      'origin-cert, origin-key of site "default": must be given together, got only origin-cert',
    ],
    [
      ["--origin", "https://o", "--origin-key", "k"],
      'origin-cert, origin-key of site "default": must be given together, got only origin-key',
    ],
    [
      ["--origin", "http://o", "--origin-ca", "ca"],
      'of site "default": must be for an https:// origin, got "http://o/"',
    ],
    [
      ["--origin", "dir", "--origin-tls-min", "TLSv1.3"],
      'of site "default": must be for an https:// origin, got "a directory"',
    ],
    [
      ["--origin", "https://o", "--origin-server-name", "10.0.0.1"],
      '--origin-server-name: must be a host name that is no address, got "10.0.0.1"',
    ],
    [
      ["--origin", "https://o", "--origin-tls-min", "TLSv1.1"],
      '--origin-tls-min: must be one of TLSv1.2, TLSv1.3, got "TLSv1.1"',
    ],
  ];
  for (const [flags, problem] of refused) {
    it(`refuse ${flags.slice(2).join(" ")} for ${flags[1]}`, () =>
      expect(() => read(flags)).to.throw(problem));
  }
});
