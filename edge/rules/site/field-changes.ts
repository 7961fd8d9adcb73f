import type { Fields } from "../../../http/message/fields.ts";
import type { FieldChanges } from "./site-rule.ts";

/**
 * The fields with the changes. Applied twice they give the same: a line that is added is not added again, because the
 * fields of a stored response are changed once more when a 304 has freshened them.
 */
export function changedFields(fields: Fields, { remove = [], set = {}, add = {} }: FieldChanges): Fields {
  let changed = remove.length === 0 ? fields : fields.without(remove);
  for (const [name, value] of Object.entries(set)) changed = changed.with(name, value);
  for (const [name, value] of Object.entries(add))
    if (!changed.all(name).includes(value)) changed = changed.plus(name, value);
  return changed;
}
