/** Why a gRPC call is not done, in gRPC's own words. */
export const callRefusals = [
  /** A field breaks a rule, or the bytes are no message. The same call fails again. */
  "invalid-argument",
  /** The call did not come with the token that it needs. */
  "unauthenticated",
  /** The caller's certificate has no name that may do this. */
  "permission-denied",
  /** Too many calls came in a short time. The same call is welcome later. */
  "resource-exhausted",
  /** The edge does not know what the call names. */
  "not-found",
  /** The call would break a promise as things stand now. */
  "failed-precondition",
] as const;

export type CallRefusal = (typeof callRefusals)[number];

/** Why a connection to the gRPC port got no further than its handshake. */
export const gateRefusals = [
  /** It spoke no TLS 1.3, or the caller refused this edge's certificate. */
  "handshake-failed",
  /** The caller showed no certificate, and there is no token that could stand for one. */
  "no-certificate",
  /** The caller's certificate is of another CA, has expired, or is for servers only. */
  "bad-certificate",
] as const;

export type GateRefusal = (typeof gateRefusals)[number];
