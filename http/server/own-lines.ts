/**
 * Puts lines of the server's own into the head of an answer, behind the status line: a client uses the first of two
 * Strict-Transport-Security fields (RFC 6797 section 8.1), and this one is the operator's.
 */
export function withOwnLines(head: string, lines: string): string {
  if (lines === "") return head;
  const behind = head.indexOf("\r\n") + 2;
  return head.slice(0, behind) + lines + head.slice(behind);
}

/** The version of TLS, where the pages of a browser can read it. */
export function timingLine(version: string): string {
  return `Server-Timing: tls;desc="${version}"\r\n`;
}
