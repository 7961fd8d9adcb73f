import { accessFields } from "../http/access-log/access-fields.ts";

/** The fields of a line that only a router writes, or says in its own words. */
const ownFields = ["router", "outcome", "edge", "tries", "hedged", "tunnel", "detail"] as const;

export type RouterField = (typeof ownFields)[number];

/** What a line of a router may leave out. */
export const routerAccessFields = [...accessFields, ...ownFields] as const;
