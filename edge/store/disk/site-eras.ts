/** By site, something that changes with where its responses come from, and with the rules that make their keys. */
export type SiteDigests = Readonly<Record<string, string>>;

interface Era {
  readonly digest: string;
  readonly number: number;
}

// Behind a digest, which has no dot.
const MARK = ".";

/**
 * How often the digest of each site has changed. One that comes back is another era: a request that changed something
 * meanwhile has named what it changed by the rules of that time.
 */
export class SiteEras {
  readonly #eras = new Map<string, Era>();

  /** `known`: as `at` gave them last. */
  constructor(known: SiteDigests) {
    for (const [site, text] of Object.entries(known)) {
      const [digest = "", number = ""] = text.split(MARK);
      this.#eras.set(site, { digest, number: Number(number) });
    }
  }

  /** By site, the digest and the number of its era. */
  at(digests: SiteDigests): SiteDigests {
    for (const [site, digest] of Object.entries(digests)) {
      const before = this.#eras.get(site);
      if (before?.digest !== digest) this.#eras.set(site, { digest, number: (before?.number ?? 0) + 1 });
    }
    // Those of sites that are away stay known.
    return Object.fromEntries(
      Array.from(this.#eras, ([site, { digest, number }]) => [site, `${digest}${MARK}${number}`]),
    );
  }
}
