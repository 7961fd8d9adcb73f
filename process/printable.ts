/**
 * Text from elsewhere as one line that cannot move the cursor or fake other text: control and format
 * characters (escape sequences, line breaks, direction marks) become `\u{…}`.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}
