// Node writes a name that holds a quote, a comma or a control character as a JSON string, so that it cannot pass for two.
const ENTRY = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)/y;

/**
 * The names in a subject alternative name as node prints it: DNS names in lower case, URIs, e-mail addresses. RFC 9525
 * section 2: the common name is none. Addresses are none either, and names that node had to quote are left out. Text in
 * any other form has no names.
 */
export function certificateNames(subjectAltName = ""): readonly string[] {
  const names: string[] = [];
  let at = 0;
  while (at < subjectAltName.length) {
    ENTRY.lastIndex = at;
    const [entry = "", kind = "", name = ""] = ENTRY.exec(subjectAltName) ?? [];
    if (entry === "") return [];
    at += entry.length;
    if (name === "" || /["\s]/.test(name)) continue;
    // RFC 5280 section 7.2: DNS names are compared without case. A URI is one string.
    if (kind === "DNS") names.push(name.toLowerCase());
    else if (kind === "URI" || kind === "email") names.push(name);
  }
  return names;
}
