import { suggest } from "../../process/settings/suggest.ts";
import type { ValueType } from "../../process/settings/values.ts";

const QUERY = "query:";
const EVERY = "*";
/** In place of what was left out: a reader sees that there was something. */
const LEFT_OUT = "...";

// Longer than the name of any field.
const MOST_COMPARED = 40;

/** A value of --access-log-omit: one of these fields of the line, or `query:` and the name of a query parameter. */
export function omission(fields: readonly string[]): ValueType<string> {
  return {
    name: "field|query:name",
    rule: `one of ${fields.join(", ")}, or query: and the name of a query parameter (query:* for all of them)`,
    parse: (text) => (fields.includes(text) || /^query:[^\s,&=]{1,200}$/.test(text) ? text : undefined),
    hint: (text) => {
      if (text === "time" || text === "status") return `${text} is in every line`;
      const meant = suggest(text.slice(0, MOST_COMPARED), fields);
      return meant === undefined ? undefined : `did you mean ${meant}?`;
    },
    format: (value) => value,
  };
}

/** What a line does not show. */
export class Omitted {
  readonly #fields: ReadonlySet<string>;
  readonly #parameters: ReadonlySet<string>;

  constructor(omissions: readonly string[]) {
    this.#fields = new Set(omissions.filter((each) => !each.startsWith(QUERY)));
    const parameters = omissions.filter((each) => each.startsWith(QUERY));
    this.#parameters = new Set(parameters.map((each) => each.slice(QUERY.length).toLowerCase()));
  }

  shows(field: string): boolean {
    return !this.#fields.has(field);
  }

  /** The target, or a URL, without the values of the parameters that are left out. */
  target(target: string): string {
    if (this.#parameters.size === 0) return target;
    const query = target.indexOf("?");
    if (query === -1) return target;
    const path = target.slice(0, query);
    if (this.#parameters.has(EVERY)) return `${path}?${LEFT_OUT}`;
    const pairs = target.slice(query + 1).split("&");
    return `${path}?${pairs.map((pair) => this.#pair(pair)).join("&")}`;
  }

  #pair(pair: string): string {
    const [name = ""] = pair.split("=", 1);
    return this.#parameters.has(decoded(name).toLowerCase()) ? `${name}=${LEFT_OUT}` : pair;
  }
}

/** A name may be written in many ways that an application takes for the same. */
function decoded(name: string): string {
  const plain = name.replaceAll("+", " ");
  return plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
