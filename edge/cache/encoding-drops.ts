/** Why an encoded body that a client would have liked is not kept. */
export const encodingDrops = [
  /** Too many wait for the thread that encodes, or too many bytes. */
  "queue-full",
  /** The response has been purged, replaced or evicted meanwhile. */
  "gone",
  /** It does not fit into the store. */
  "no-room",
  /** The thread that encodes has ended. */
  "failed",
] as const;

export type EncodingDropped = (typeof encodingDrops)[number];
