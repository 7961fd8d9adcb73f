/** The fields of a line that each program writes. `time` and `status` are always there. */
export const accessFields = [
  "request_id",
  "target",
  "bytes",
  "duration",
  "first_byte",
  "end",
  "method",
  "scheme",
  "host",
  "client",
  "protocol",
  "tls",
  "referer",
  "user_agent",
  "trace_id",
] as const;

export type AccessField = (typeof accessFields)[number];
