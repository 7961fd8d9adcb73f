/**
 * The members of a comma-separated list (RFC 9110 section 5.6.1): trimmed, empty ones dropped. A comma in
 * a quoted-string does not separate. A quote that never closes is an ordinary character, so that it cannot
 * hide the members after it.
 */
export function listMembers(value: string): readonly string[] {
  const members: string[] = [];
  let start = 0;
  let quotesClose = true;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at];
    if (char === '"' && quotesClose) {
      const end = closingQuote(value, at);
      if (end === undefined) quotesClose = false;
      else at = end;
    } else if (char === ",") {
      members.push(value.slice(start, at));
      start = at + 1;
    }
  }
  members.push(value.slice(start));
  return members.map(trimSpace).filter((member) => member !== "");
}

/** Without the optional white space (space and tab only, RFC 9110 section 5.6.3) at both ends. */
export function trimSpace(text: string): string {
  return trimmedSlice(text, 0, text.length);
}

/** The same for a part of a text. */
export function trimmedSlice(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Where the quoted-string that opens at `open` closes; undefined when it does not. */
function closingQuote(value: string, open: number): number | undefined {
  for (let at = open + 1; at < value.length; at += 1) {
    if (value[at] === "\\") at += 1;
    else if (value[at] === '"') return at;
  }
  return undefined;
}

/** The text of a quoted-string (RFC 9110 section 5.6.4); undefined when `text` is not exactly one. */
export function unquoted(text: string): string | undefined {
  if (text[0] !== '"' || closingQuote(text, 0) !== text.length - 1) return undefined;
  return text.slice(1, -1).replace(/\\(.)/gs, "$1");
}
