/** Every counter of the router, with the one line that an operator reads. */
export const routerCounters = [
  { name: "requests", labels: ["outcome"], help: "Finished requests, by outcome." },
  { name: "forwards", labels: ["edge"], help: "Requests answered by this edge." },
  {
    name: "retries",
    labels: ["edge", "reason"],
    help: "Requests that failed at this edge and were sent to another one, by reason.",
  },
  {
    name: "retriesRefused",
    labels: [],
    help: "Requests that failed without another try because the retry budget was spent.",
  },
  {
    name: "hedges",
    labels: ["edge"],
    help: "Requests also sent to this edge because the first edge took long (--hedge).",
  },
  {
    name: "ejections",
    labels: ["edge"],
    help: "Times that this edge was ejected because requests failed there.",
  },
  {
    name: "accessLogDropped",
    labels: [],
    help: "Lines of the access log that were lost, because the place where they go was slow or took none.",
  },
  {
    name: "traceSpansDropped",
    labels: [],
    help: "Spans of traces that were lost, because the collector was slow or took none.",
  },
  {
    name: "clientsLimited",
    labels: ["reason"],
    help: "Connections that were refused or closed, and requests answered 429, because their client has too many.",
  },
  {
    name: "handshakesFailed",
    labels: ["reason"],
    help: "TLS handshakes of clients that did not end well: without agreement, because the client left, or too slow.",
  },
  { name: "certificatesIssued", labels: [], help: "Certificates that this router got by ACME." },
  {
    name: "certificatesFailed",
    labels: ["reason"],
    help: "Orders of certificates by ACME that failed at this router.",
  },
  {
    name: "preamblesRefused",
    labels: ["reason"],
    help: "Connections that were closed because their load balancer did not begin with a good PROXY header (--proxy-protocol).",
  },
  {
    name: "tunnels",
    labels: ["outcome"],
    help: "Requests for a tunnel (WebSocket and other protocols) that an edge answered: it opened one, or declined.",
  },
  { name: "noEdgeErrors", labels: [], help: "Requests that no edge could take (503)." },
] as const;

/** Current values, reported beside the counters. */
export const routerGauges = [
  { name: "inFlight", labels: [], help: "Requests in flight, open tunnels among them." },
  {
    name: "clientConnections",
    labels: ["protocol"],
    help: "Connections of clients that are open now; none: no request has told the protocol yet.",
  },
  { name: "tunnelsOpen", labels: [], help: "Tunnels that are open now." },
  {
    name: "certificateExpiryTimestampSeconds",
    labels: [],
    help: "Unix time when the first certificate of the TLS port ends. +Inf while there is none.",
  },
  {
    name: "controlCertificateExpiryTimestampSeconds",
    labels: [],
    help: "Unix time when the first certificate of the control plane ends. +Inf without one.",
  },
  {
    name: "edgeRttSeconds",
    labels: ["edge"],
    help: "Smoothed round-trip time of Ping to this edge.",
  },
  {
    name: "edgePingLossRatio",
    labels: ["edge"],
    help: "Share of the latest 32 Pings to this edge that were lost, 0 to 1.",
  },
  {
    name: "edgeLoadRatio",
    labels: ["edge"],
    help: "How many times as long requests to this edge take because of load; 1 without load.",
  },
  {
    name: "edgeExpectedSeconds",
    labels: ["edge"],
    help: "Expected time by which edges are chosen: round trip times load, and losses.",
  },
  {
    name: "edgeShareRatio",
    labels: ["edge"],
    help: "Share of this router's requests that go to this edge first, 0 to 1; for clients without a known region.",
  },
  {
    name: "edgeEjected",
    labels: ["edge"],
    help: "1 while this edge is ejected because requests failed there, else 0.",
  },
  {
    name: "edgeServing",
    labels: ["edge"],
    help: "1 while this edge answers and is neither lapsed nor draining, else 0.",
  },
] as const;

/** Histograms, in seconds. Prometheus adds `_bucket`, `_sum` and `_count` to the name. */
export const routerHistograms = [
  {
    name: "responseSeconds",
    labels: ["outcome"],
    help: "Seconds from a request until all of its answer has left, by outcome. Tunnels do not count.",
  },
  {
    name: "edgePingSeconds",
    labels: ["edge"],
    help: "Seconds from a Ping to this edge until its answer. Lost Pings do not count.",
  },
] as const;
