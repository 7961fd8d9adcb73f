import type { QueryPolicy } from "./site-rule.ts";
import { wildcard } from "./wildcard.ts";

/** Parameters by which advertisers and newsletters follow people. No page is made of them. */
const TRACKING = [
  "utm_*",
  "mtm_*",
  "pk_*",
  "_hs*",
  "fbclid",
  "gclid",
  "gclsrc",
  "gbraid",
  "wbraid",
  "dclid",
  "msclkid",
  "ttclid",
  "twclid",
  "yclid",
  "li_fat_id",
  "igshid",
  "mc_cid",
  "mc_eid",
  "_ga",
  "_gl",
];

/** The name of that list. */
const TRACKING_NAME = "tracking";

/** Whether the query of `target` has parameters of that list. */
export function isTracked(target: string): boolean {
  return UNTRACKED(target) !== target;
}

/** Makes the target of what a query policy leaves of one. What it leaves stays as it was written. */
export function queryPolicy(policy: "none" | QueryPolicy): (target: string) => string {
  if (policy === "none") return (target) => target.split("?", 1)[0] ?? target;
  const { ignore, keep, sort = false } = policy;
  const ignored = testOf(ignore ?? []);
  const kept = keep === undefined ? undefined : testOf(keep);
  const stays = (piece: string): boolean => {
    // An origin may take it for several parameters.
    if (piece.includes(";") && kept === undefined) return true;
    const name = nameOf(piece);
    return kept === undefined ? !ignored(name) : kept(name);
  };
  const filters = ignore !== undefined || keep !== undefined;
  return (target) => {
    const at = target.indexOf("?");
    if (at === -1) return target;
    const pieces = target.slice(at + 1).split("&");
    const left = filters ? pieces.filter(stays) : pieces;
    if (sort) left.sort(byName);
    const path = target.slice(0, at);
    // All pieces are there: the target is as it was, to the last byte.
    if (!sort && left.length === pieces.length) return target;
    return left.length === 0 ? path : `${path}?${left.join("&")}`;
  };
}

const ENCODED = /[%+]/;

function testOf(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.flatMap((pattern) => (pattern === TRACKING_NAME ? TRACKING : pattern)).map(wildcard);
  return (name) => tests.some((test) => test(name));
}

/** The name of a parameter, decoded as origins do. A piece that may be several parameters is none that is named. */
function nameOf(piece: string): string {
  if (piece.includes(";")) return piece;
  // Most names stand there as they are. A query may have thousands.
  if (!ENCODED.test(piece)) return piece.split("=", 1)[0] ?? "";
  return [...new URLSearchParams(`&${piece}`).keys()][0] ?? "";
}

/** A stable sort: values of one name keep their order, which may mean something. */
function byName(a: string, b: string): number {
  const [left, right] = [a.split("=", 1)[0] ?? "", b.split("=", 1)[0] ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

const UNTRACKED = queryPolicy({ ignore: [TRACKING_NAME] });
