import type { Fields } from "../../../http/message/fields.ts";
import { rulesAgain } from "../../rules/site/matched-rules.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import { type CacheContext, rulesOf } from "../context.ts";
import type { FillRequest } from "../fill-request.ts";

// Credentials. An edge never uses the credentials of a client that is not there.
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** Whether it can be asked for without a client: for everybody, by no credential. */
export function needsNoClient({
  authorized,
  selecting,
}: Pick<StoredResponse, "authorized" | "selecting">): boolean {
  return !authorized && CREDENTIALS.every((name) => selecting.get(name) === undefined);
}

interface Unasked {
  readonly site: string;
  readonly base?: string | undefined;
  readonly target: string;
  readonly fields: Fields;
  /** Of the rules that are to shape the answer. */
  readonly mark: string | undefined;
}

/** A request without a client. */
export function unaskedRequest(
  { site, base, target, fields, mark }: Unasked,
  edge: Pick<CacheContext, "siteRules">,
): FillRequest {
  const asked = { method: "GET", site, target, fields };
  const request = { ...asked, matched: rulesAgain(rulesOf(edge, site).book, asked, mark) };
  // A directory needs no host.
  if (base === undefined) return { ...request, scheme: "http", authority: "" };
  const [scheme, authority = ""] = base.split("://", 2);
  return { ...request, base, scheme: scheme === "https" ? "https" : "http", authority };
}
