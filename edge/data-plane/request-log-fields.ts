import { accessFields } from "../../http/access-log/access-fields.ts";

/** The fields of a line that only an edge writes, or says in its own words. */
const ownFields = [
  "site",
  "edge",
  "outcome",
  "tier",
  "fwd",
  "fwd_status",
  "ttl",
  "stored",
  "collapsed",
  "detail",
  "rules",
  "coding",
  "tunnel",
  "origin",
] as const;

export type EdgeField = (typeof ownFields)[number];

/** What a line of an edge may leave out. */
export const edgeAccessFields = [...accessFields, ...ownFields] as const;
