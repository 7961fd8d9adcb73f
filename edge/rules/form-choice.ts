import { codingOf, DELTA, type EncodingName, encodingNames, type Form } from "./compression.ts";
import { type EntityTag, parseEntityTag, someTag } from "./entity-tag.ts";
import type { CacheRequest } from "./exchange.ts";
import type { StoredHead } from "./stored-head.ts";

/** What a client gets of a stored response: the body as it is, or one of its encodings. */
export type FormName = EncodingName | "identity";

type Held = ReadonlySet<EncodingName>;

/** Whether the edge has, or may make, encodings of the response. Whatever it may encode has been stored with this Vary. */
export function isNegotiated({ status, held, codings, selecting }: StoredHead): boolean {
  return status === 200 && held === undefined && codings.length === 0 && selecting.has("accept-encoding");
}

/** The form for a client without conditions. Identity, where it accepts nothing that is held (RFC 9110 section 12.5.3). */
export function preferredForm(forms: readonly Form[], held: Held): FormName {
  for (const form of forms) {
    if (form === "identity") return form;
    const name = heldAs(form, held);
    if (name !== undefined) return name;
  }
  return "identity";
}

function heldAs(form: Form, held: Held): EncodingName | undefined {
  // The best one of several.
  return encodingNames.findLast((name) => held.has(name) && codingOf(name) === form);
}

/**
 * The form that a request is about. A client that names the tag of a form which it accepts is told of this one: whether
 * it has it still, or the rest of it. So a 304 and a 206 are always about the bytes that the client has. A range
 * without such a tag is of the identity form, which is the same at all times.
 */
export function formFor(
  { fields, negotiation }: CacheRequest,
  entityTag: EntityTag | undefined,
  held: Held,
): FormName {
  const forms = negotiation?.forms ?? [];
  const has = fields.get("if-none-match");
  // A client accepts the delta only for as long as it has the dictionary. What it has got by it, it has still.
  const made = negotiation?.byPrevious === true ? [...forms, DELTA] : forms;
  const known = has === undefined ? undefined : formNamed(has, entityTag, made);
  if (known !== undefined) return known;
  if (!fields.has("range")) return preferredForm(forms, held);
  // The bytes of a delta are no client's part: they are others at each edge.
  const whole = forms.includes(DELTA) ? forms.filter((form) => form !== DELTA) : forms;
  const of = fields.get("if-range");
  if (of === undefined) return whole.includes("identity") ? "identity" : preferredForm(whole, held);
  const part = parseEntityTag(of) === undefined ? undefined : formNamed(of, entityTag, whole);
  return part !== undefined && (part === "identity" || held.has(part)) ? part : preferredForm(whole, held);
}

/** The best form that the client accepts and whose tag is in the list. Weak tags are the same for all forms. */
function formNamed(list: string, tag: EntityTag | undefined, forms: readonly Form[]): FormName | undefined {
  if (tag === undefined || tag.weak) return undefined;
  const isNamed = (name: FormName): boolean => {
    const { opaque } = formTag(tag, name);
    return someTag(list, (each) => each.opaque === opaque);
  };
  for (const form of forms) {
    const names = form === "identity" ? [form] : encodingNames.filter((name) => codingOf(name) === form);
    const named = names.find(isNamed);
    if (named !== undefined) return named;
  }
  return undefined;
}

/**
 * RFC 9110 section 8.8.3.3: the bytes of each form have a strong tag of their own. Those of a delta depend on its
 * dictionary too, so its tag is weak: it tells the version.
 */
export function formTag(tag: EntityTag, name: FormName): EntityTag {
  return tag.weak || name === "identity" ? tag : { weak: name === DELTA, opaque: `${tag.opaque}-${name}` };
}

/**
 * The list of If-Match, with the origin's own tag of each form beside the tag that this edge has made of it. `known`:
 * those of what is stored. Any other tag with such an end may be the origin's.
 */
export function withOriginTags(list: string, known: readonly (EntityTag | undefined)[]): string {
  const named = known.filter((tag): tag is EntityTag => {
    if (tag === undefined || tag.weak) return false;
    const forms = encodingNames.map((name) => formTag(tag, name).opaque);
    return someTag(list, ({ weak, opaque }) => !weak && forms.includes(opaque));
  });
  return [list, ...named.map(({ opaque }) => `"${opaque}"`)].join(", ");
}
