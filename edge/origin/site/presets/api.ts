import type { SiteRule } from "../../../rules/site/site-rule.ts";
import { MINUTE } from "./spans.ts";

/** JSON that a program makes. Most of the answers to people who are logged in are their own, and are not shared anyway. */
export const api: readonly SiteRule[] = [
  {
    // Caches know Authorization and Cookie. These are credentials too, although no cache knows them.
    name: "credentials",
    match: { header: ["X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "X-Session-Token"] },
    bypass: true,
  },
  {
    // Somebody with a session must not get what somebody without has got, nor the other way round. What the application
    // says of its answers holds: this is for what it does not say.
    name: "sessions",
    match: { header: ["Cookie", "Authorization"] },
    ttlIfMissing: 0,
    staleIfError: 0,
  },
  {
    // A second takes a rush away, and nobody sees that the answer is so old.
    name: "answers",
    match: { type: ["application/json", "application/*+json"] },
    ttlIfMissing: 1,
    staleIfError: MINUTE,
  },
];
