/** What became of one request. */
export const REQUEST_OUTCOMES = [
  /** The client got the whole response of an edge. */
  "relayed",
  /** The client was sent to an edge (redirect mode). */
  "redirected",
  /** Not a request that may be forwarded. */
  "refused",
  /** The client got an error response made by the router. */
  "failed",
  /** The response broke off after its first byte. */
  "cut",
  /** The client left first. */
  "client-left",
] as const;

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
