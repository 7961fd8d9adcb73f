import { z } from "zod";
import { fileValue } from "../settings/file-values.ts";
import type { Section } from "../settings/program.ts";
import { text } from "../settings/values.ts";

/** What a name may be allowed to do. Each of them may call Ping, health and reflection too. */
export const callerRights = ["read", "purge", "forget", "reload", "drain"] as const;

export type CallerRight = (typeof callerRights)[number];

/** One row of the table. */
export interface Caller {
  /** A subject alternative name: DNS name, URI or e-mail. */
  readonly name: string;
  readonly may: readonly CallerRight[];
}

const callerName = text(
  "a subject alternative name without blanks, commas and quotes: a DNS name, a URI or an e-mail",
  /^[^\s",]{1,255}$/,
);

// A fleet has some hundred programs and people. The bound catches a file that was generated wrongly.
const MOST_CALLERS = 1_000;

const caller = z.strictObject(
  {
    name: fileValue(callerName),
    may: z.array(z.enum(callerRights, { error: `must be one of ${callerRights.join(", ")}` }), {
      error: `must be a list of rights: ${callerRights.join(", ")}`,
    }),
  },
  { error: "must be a map with name and may" },
);

export const callersSection: Section<readonly Caller[]> = {
  schema: z
    .array(caller, { error: "must be a list of callers" })
    .max(MOST_CALLERS, { error: `must be at most ${MOST_CALLERS} callers` })
    .superRefine((callers, context) => {
      const seen = new Set<string>();
      for (const [index, { name }] of callers.entries()) {
        if (seen.has(normal(name)))
          context.addIssue({
            code: "custom",
            path: [index, "name"],
            message: "must be listed once",
            input: name,
          });
        seen.add(normal(name));
      }
    }),
  help: "Who may call the gRPC port and read the operator pages with a certificate: a list of maps with `name`, a subject alternative name of the certificate, and `may`, a list of `read`, `purge`, `forget`, `reload` and `drain`. It is read again on SIGHUP.",
};

/** The names that may call, with their rights. */
export class Callers {
  readonly #rights: ReadonlyMap<string, ReadonlySet<CallerRight>>;

  constructor(table: readonly Caller[]) {
    this.#rights = new Map(table.map(({ name, may }) => [normal(name), new Set(may)]));
  }

  /** Undefined for a certificate whose names are all unknown. With several known names, the rights of all of them. */
  rightsOf(names: readonly string[]): ReadonlySet<CallerRight> | undefined {
    const known = names.flatMap((name) => this.#rights.get(name) ?? []);
    return known.length === 0 ? undefined : new Set(known.flatMap((rights) => [...rights]));
  }

  /** Whether `names` could do something before that they may not do any more. */
  hasTaken(names: readonly string[], before: Callers): boolean {
    const had = before.rightsOf(names);
    const has = this.rightsOf(names);
    if (had === undefined) return false;
    return has === undefined || !had.isSubsetOf(has);
  }
}

/** RFC 5280 section 7.2: DNS names are compared without case. They have neither of these signs. */
function normal(name: string): string {
  return /[:@]/.test(name) ? name : name.toLowerCase();
}
