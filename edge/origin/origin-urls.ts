/** Where an origin is. */
export type LocatedOrigin =
  | { readonly kind: "directory" }
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "several"; readonly urls: readonly URL[] };

/** None: it is a directory. */
export function originUrls(origin: LocatedOrigin): readonly URL[] {
  switch (origin.kind) {
    case "directory":
      return [];
    case "http":
      return [origin.url];
    case "several":
      return origin.urls;
  }
}

/** A site, as far as its origins are concerned. */
export interface LocatedSite {
  readonly name: string;
  readonly origin: LocatedOrigin;
  /** Others, by the names that rules give them. */
  readonly origins?: Readonly<Record<string, LocatedOrigin>>;
}

/** Of all origins of the site. */
export function siteUrls({ origin, origins = {} }: LocatedSite): readonly URL[] {
  return [origin, ...Object.values(origins)].flatMap(originUrls);
}
