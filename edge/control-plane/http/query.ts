import { type CallResult, invalidArgument } from "../call-result.ts";

/** The parameters of a query. Each of `names` may come once, each of `lists` several times, and no other may come. */
export function readQuery(
  target: string,
  names: readonly string[],
  lists: readonly string[],
): CallResult<URLSearchParams> {
  const query = new URLSearchParams(/\?(.*)$/.exec(target)?.[1] ?? "");
  for (const name of query.keys()) {
    const known = [...names, ...lists];
    if (!known.includes(name)) {
      const rule = known.length === 0 ? "must not be given" : `must be one of ${known.join(", ")}`;
      return invalidArgument("query", rule, name);
    }
    if (names.includes(name) && query.getAll(name).length > 1) {
      return invalidArgument(name, "must be given once", query.getAll(name).join(", "));
    }
  }
  return { ok: true, value: query };
}
