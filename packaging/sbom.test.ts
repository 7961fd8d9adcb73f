import { readFileSync } from "node:fs";
import { expect } from "chai";
import { z } from "zod";
import { sbom } from "./sbom.ts";

const license = z.union([
  z.object({ license: z.object({ id: z.string() }) }),
  z.object({ expression: z.string() }),
]);

// What CycloneDX 1.5 asks of a document, as far as ours has it.
const document = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.5"),
  serialNumber: z.string().regex(/^urn:uuid:[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
  version: z.literal(1),
  metadata: z.object({
    timestamp: z.iso.datetime(),
    component: z.object({ "bom-ref": z.string(), name: z.string(), version: z.string(), purl: z.string() }),
  }),
  components: z.array(
    z.object({
      type: z.literal("library"),
      "bom-ref": z.string(),
      purl: z.string().startsWith("pkg:npm/"),
      hashes: z.array(z.object({ alg: z.literal("SHA-512"), content: z.string().regex(/^[\da-f]{128}$/) })),
      licenses: z.array(license).min(1),
    }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const lock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string(), dev: z.boolean().optional() })),
});

describe("npm run sbom", () => {
  let bom: z.infer<typeof document>;
  before(() => {
    bom = document.parse(JSON.parse(sbom()));
  });

  it("names every package of an installation for production, and no other", () => {
    const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
    const installed = Object.entries(lock.parse(JSON.parse(text)).packages)
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf("node_modules/") + 13)}@${version}`);
    const named = bom.components.map(({ purl }) => decodeURIComponent(purl.slice("pkg:npm/".length)));
    expect(named.toSorted()).to.deep.equal([...new Set(installed)].toSorted());
    // Both production and development use it.
    expect(named.some((name) => name.startsWith("zod@"))).to.equal(true);
  });

  it("describes edgeCache, and says which package needs which", () => {
    const { component } = bom.metadata;
    expect(component.name).to.equal("edgecache");
    const refs = new Set(bom.components.map((each) => each["bom-ref"]));
    expect(refs.size).to.equal(bom.components.length);
    const needs = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    expect(needs.get(component["bom-ref"])?.some((ref) => ref.startsWith("express@"))).to.equal(true);
    for (const ref of [...needs.values()].flat()) expect(refs.has(ref), ref).to.equal(true);
  });
});
