import { listMembers, trimSpace } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";

// No honest path is this long: whoever counts so many hops sees a loop, even one that our own mark was removed from.
const MOST_HOPS = 100;

/** Whether a request has already been through the node `id`: then forwarding it would go on for ever. */
export function isLoop(fields: Fields, id: string): boolean {
  return passed(networks(fields), id) || passed(proxies(fields), id);
}

function passed(hops: readonly string[], id: string): boolean {
  return hops.length > MOST_HOPS || hops.includes(id);
}

/** RFC 8586 section 2: each member is the id of a network, which parameters may follow. */
function networks(fields: Fields): readonly string[] {
  return fields
    .all("CDN-Loop")
    .flatMap(listMembers)
    .map((member) => trimSpace(member.split(";", 1)[0] ?? ""));
}

/** RFC 9110 section 7.6.3: each member is a protocol, who received with it, perhaps with a port, and a comment. */
function proxies(fields: Fields): readonly string[] {
  return fields
    .all("Via")
    .flatMap((line) => withoutComments(line).split(","))
    .map((member) => /^[ \t]*\S+[ \t]+(?<receivedBy>[^\s:]+)/.exec(member)?.groups?.receivedBy ?? "")
    .filter((receivedBy) => receivedBy !== "");
}

/** RFC 9110 section 5.6.5: comments nest, and may hold commas. One that never ends is no comment. */
function withoutComments(text: string): string {
  let kept = "";
  let depth = 0;
  let opened = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (depth > 0 && char === "\\") at += 1;
    else if (char === "(") {
      if (depth === 0) {
        kept += text.slice(from, at);
        opened = at;
      }
      depth += 1;
    } else if (char === ")" && depth > 0) {
      depth -= 1;
      from = at + 1;
    }
  }
  return kept + text.slice(depth > 0 ? opened : from);
}
