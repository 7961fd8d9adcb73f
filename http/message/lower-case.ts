const known = new Map<string, string>();

// Names of fields, as browsers and servers write them. Names that clients make up take some KiB at the most.
const MOST_KNOWN = 512;
const LONGEST_KNOWN = 40;

/** The name of a field in lower case: of the same name mostly the same text, so that it is compared at once. */
export function lowerCase(name: string): string {
  const lower = known.get(name);
  if (lower !== undefined) return lower;
  const made = name.toLowerCase();
  if (known.size >= MOST_KNOWN || name.length > LONGEST_KNOWN || !isAscii(name)) return made;
  const kept = known.get(made) ?? ownText(made);
  known.set(kept, kept);
  known.set(ownText(name), kept);
  return kept;
}

function isAscii(text: string): boolean {
  return !/[^ -~]/.test(text);
}

/** A name is often a view of the head that it came in, which would be kept with it. */
function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
