// With them a line is below 8 KiB: most collectors take that much in one piece.
const LONGEST_TARGET = 4096;
const LONGEST_FIELD = 256;
const CUT = "...";

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Text from a client between quotes: ASCII without line breaks, as JSON has it. Of longer text there is the beginning. */
export function quoted(text: string, longest = LONGEST_FIELD): string {
  if (text.length <= longest && PLAIN.test(text)) return `"${text}"`;
  let shown = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = escaped(text.charAt(at));
    if (shown.length + char.length > longest) return `"${shown}${CUT}"`;
    shown += char;
  }
  return `"${shown}"`;
}

export function quotedTarget(target: string): string {
  return quoted(target, LONGEST_TARGET);
}

function escaped(char: string): string {
  if (PLAIN.test(char)) return char;
  if (char === '"' || char === "\\") return `\\${char}`;
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
