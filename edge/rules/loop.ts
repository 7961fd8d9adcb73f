import { listMembers, trimSpace } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";

// No honest path is this long. So many hops are a loop, even if somebody removes our own mark on the way.
const MOST_HOPS = 100;

/** Whether a request has already been through the node `id`. Forwarding it again would never end. */
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

/** RFC 9110 section 7.6.3: each member is a protocol, the receiver with an optional port, and an optional comment. */
function proxies(fields: Fields): readonly string[] {
  return fields
    .all("Via")
    .flatMap((line) => withoutComments(line).split(","))
    .map((member) => /^[ \t]*\S+[ \t]+(?<receivedBy>[^\s:]+)/.exec(member)?.groups?.receivedBy ?? "")
    .filter((receivedBy) => receivedBy !== "");
}

/** RFC 9110 section 5.6.5: comments nest, and may contain commas. An unclosed one is not a comment. */
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
