/** One character of a token (RFC 9110 section 5.6.2), as part of a regular expression. */
export const TCHAR = "[\\w!#$%&'*+.^`|~-]";

const TOKEN = new RegExp(`^${TCHAR}+$`);

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
