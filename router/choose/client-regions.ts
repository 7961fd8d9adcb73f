import type { ValueType } from "../../process/settings/values.ts";

/** The ids of the edges near each region of clients. */
export type ClientRegions = ReadonlyMap<string, ReadonlySet<string>>;

const WORD = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * `eu=edge-1,edge-2;us=edge-3`. A name with an equals sign starts a region. So commas may replace the
 * semicolons, as they do for a list in the configuration file.
 */
export const clientRegions: ValueType<ClientRegions> = {
  name: "region=edge,…;…",
  rule: "regions with their edges, such as eu=edge-1,edge-2;us=edge-3, each region once, of letters, digits, . _ -",
  fileForm: "list",
  parse: (text) => {
    const regions = new Map<string, Set<string>>();
    for (const group of text.split(";")) {
      let edges: Set<string> | undefined;
      for (const part of group.split(",")) {
        const [left = "", right, ...more] = part.split("=").map((word) => word.trim());
        if (more.length > 0 || !WORD.test(left)) return undefined;
        if (right === undefined) {
          if (edges === undefined) return undefined;
          edges.add(left);
          continue;
        }
        const region = left.toLowerCase();
        if (!WORD.test(right) || regions.has(region)) return undefined;
        edges = new Set([right]);
        regions.set(region, edges);
      }
    }
    return regions;
  },
  format: (regions) => [...regions].map(([region, edges]) => `${region}=${[...edges].join(",")}`).join(";"),
};

/** The region of a request, as the table spells it. Ignores case and surrounding blanks. */
export function regionOf(value: string | undefined, regions: ClientRegions): string | undefined {
  if (value === undefined || regions.size === 0) return undefined;
  const region = value.trim().toLowerCase();
  return regions.has(region) ? region : undefined;
}
