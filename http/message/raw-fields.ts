/**
 * The values of one field, in order, found without an index: every message is asked for a few fields only.
 * `raw`: name, value, name, value … `name`: in lower case.
 */
export function rawValues(raw: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const sent = raw[at] ?? "";
    if (sent.length === name.length && sent.toLowerCase() === name) values.push(raw[at + 1] ?? "");
  }
  return values;
}
