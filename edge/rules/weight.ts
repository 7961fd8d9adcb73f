import { trimSpace } from "../../http/message/comma-list.ts";

/** RFC 9110 section 12.4.2: what stands after the last semicolon, if it is a weight. */
export function weighted(member: string): { range: string; weight: number } {
  const at = member.lastIndexOf(";");
  const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i.exec(trimSpace(member.slice(at + 1)))?.[1];
  return at === -1 || weight === undefined
    ? { range: member, weight: 1 }
    : { range: trimSpace(member.slice(0, at)), weight: Number(weight) };
}
