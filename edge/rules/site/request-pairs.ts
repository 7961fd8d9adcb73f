import type { Fields } from "../../../http/message/fields.ts";

type Pair = readonly [name: string, value: string];

/** The parameters of a query, decoded. */
export function parametersOf(target: string): readonly Pair[] {
  const at = target.indexOf("?");
  return at === -1 ? [] : [...new URLSearchParams(`&${target.slice(at + 1)}`)];
}

/** The cookies of a request, as they stand in it (RFC 6265 section 5.4). */
export function cookiesOf(fields: Fields): readonly Pair[] {
  return fields
    .all("Cookie")
    .flatMap((line) => line.split(";"))
    .map((pair) => {
      const at = pair.indexOf("=");
      return at === -1
        ? (["", pair.trim()] as const)
        : ([pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const);
    })
    .filter(([name, value]) => name !== "" || value !== "");
}
