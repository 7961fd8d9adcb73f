/** Of every gRPC port of an edge. */
export const SERVER_OPTIONS = {
  // gRPC's own default, far above the calls that are understood: what lies between gets a sentence that says so.
  "grpc.max_receive_message_length": 4 * 1024 * 1024,
  // One connection may hold this many calls; what it asks beyond waits at its own side. A caller of 3,000 purges a
  // second, of which each takes 10 ms, has 30 under way.
  "grpc.max_concurrent_streams": 200,
  // What one connection may make node keep of fields and frames, in megabytes; grpc-js itself sets no bound.
  "grpc-node.max_session_memory": 10,
  // A caller whose machine died is noticed, and its streams end.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // A connection without a call is closed; its client opens another when it has one.
  "grpc.max_connection_idle_ms": 60_000,
};

// A connection was proven when it was opened. After an hour it must be proven again, by certificates and a CA of then.
export const SECURE_SERVER_OPTIONS = {
  ...SERVER_OPTIONS,
  "grpc.max_connection_age_ms": 3_600_000,
  "grpc.max_connection_age_grace_ms": 60_000,
};
