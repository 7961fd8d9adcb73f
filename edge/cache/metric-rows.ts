/** A row of the tables below. Prometheus reads its name in snake case, with `edgecache_edge_` before it. */
export interface Metric {
  readonly name: string;
  /** The one line that an operator reads. */
  readonly help: string;
  /** Whether the `Stats` RPC tells it too, in the field of the same name. */
  readonly inStats?: true;
  /** A gauge that only grows: Prometheus reads it as a counter, with `_total` behind its name. */
  readonly grows?: true;
  /** The labels that split it, beside `edge`. */
  readonly labels?:
    | readonly ["reason" | "outcome" | "protocol" | "site"]
    | readonly ["site", "outcome" | "reason" | "state"]
    | readonly ["site", "outcome", "status"];
}

/** Every counter of an edge. Prometheus adds `_total` to the name. */
export const edgeCounters = [
  { name: "requests", inStats: true, help: "Requests answered on the data port." },
  { name: "hits", inStats: true, help: "Answered from a fresh stored response." },
  { name: "misses", inStats: true, help: "Answered by a fill: nothing usable was stored." },
  {
    name: "stale",
    inStats: true,
    help: "Answered from a stored response past its freshness, as the rules allow.",
  },
  {
    name: "revalidated",
    inStats: true,
    help: "Answered from a stored response after the origin confirmed it (304).",
  },
  {
    name: "bypass",
    inStats: true,
    help: "Answered without looking at the cache: forwarded, or by a rule of the site.",
  },
  {
    name: "errors",
    inStats: true,
    help: "Answered with an error made by the edge: a refused request, an origin that failed.",
  },
  { name: "fills", inStats: true, help: "Fetches from the origin." },
  { name: "collapsed", inStats: true, help: "Requests that waited for a fill started by another request." },
  { name: "peerAnswers", help: "Fetches that another edge answered in place of the origin (--peers)." },
  { name: "peersAnswered", help: "Requests of other edges that this one answered (--peers)." },
  {
    name: "peersPassedOver",
    labels: ["reason"],
    help: "Fetches for which another edge was asked in vain, and then the origin (--peers).",
  },
  { name: "fillsOvertaken", help: "Fills not stored because a purge overtook them." },
  {
    name: "evicted",
    labels: ["reason"],
    help: "Stored responses that were evicted: another one needed the room, or the memory of the process was short.",
  },
  {
    name: "callsRefused",
    labels: ["reason"],
    help: "Calls by gRPC or HTTP not done; the label names gRPC's own reason.",
  },
  {
    name: "callersRefused",
    labels: ["reason"],
    help: "Connections to the gRPC port that were refused because their caller did not prove who it is.",
  },
  {
    name: "accessLogDropped",
    help: "Lines of the access log that were lost, because the place where they go was slow or took none.",
  },
  {
    name: "traceSpansDropped",
    help: "Spans of traces that were lost, because the collector was slow or took none.",
  },
  {
    name: "clientsLimited",
    labels: ["reason"],
    help: "Connections that were refused or closed, and requests answered 429, because their client has too many.",
  },
  {
    name: "rateLimited",
    help: "Requests answered 429, because a rule of the site limits how often they may come.",
  },
  {
    name: "handshakesFailed",
    labels: ["reason"],
    help: "TLS handshakes of clients that did not end well: without agreement, because the client left, or too slow.",
  },
  {
    name: "preamblesRefused",
    labels: ["reason"],
    help: "Connections that were closed because their load balancer did not begin with a good PROXY header (--proxy-protocol).",
  },
  { name: "certificatesIssued", help: "Certificates that this edge got by ACME." },
  {
    name: "certificatesFailed",
    labels: ["reason"],
    help: "Orders of certificates by ACME that failed at this edge.",
  },
  {
    name: "clientsLeftBehind",
    help: "Answers cut because memory was short and the client had taken nothing for longest.",
  },
  {
    name: "placesRefused",
    labels: ["reason"],
    help: "Requests not sent to an origin, because the site or the client has too many under way there.",
  },
  { name: "encodingsMade", help: "Encoded bodies that were made and kept (--compress)." },
  {
    name: "encodingsNotSmaller",
    help: "Encoded bodies that were made and thrown away, because they were hardly smaller.",
  },
  {
    name: "encodingsDropped",
    labels: ["reason"],
    help: "Encoded bodies that were wanted and are not kept. Their clients got the body as it is stored.",
  },
  {
    name: "encodedBytesSaved",
    help: "Bytes that clients did not have to load, because they got an encoded body.",
  },
  {
    name: "broadcasts",
    help: "Invalidations by requests that were sent to every edge through the purge log.",
  },
  {
    name: "broadcastsDropped",
    help: "Invalidations by requests that hold at this edge only, although the site says broadcast: too many waited.",
  },
  { name: "requestsShed", help: "Requests answered 503 because memory was short and the origin was needed." },
  {
    name: "tunnels",
    labels: ["outcome"],
    help: "Requests for a tunnel (WebSocket and other protocols), by what became of them.",
  },
  { name: "tunnelsOpened", labels: ["protocol"], help: "Tunnels that were opened." },
  { name: "tunnelBytesReceived", help: "Bytes that clients have sent through tunnels." },
  { name: "tunnelBytesSent", help: "Bytes that origins have sent through tunnels." },
  { name: "refillQueued", help: "Responses queued for refetch after a paced soft purge." },
  { name: "refilled", help: "Of these, fetched again and stored." },
  {
    name: "refillSkipped",
    help: "Of these, not fetched: refreshed, evicted or purged meanwhile, or made for a request with credentials.",
  },
  {
    name: "refillFailed",
    help: "Of these, fetched and not stored: the origin failed, or the rules forbade it.",
  },
] as const satisfies readonly Metric[];

/** Counters of each site. Prometheus adds `_total` to the name. */
export const edgeSiteCounters = [
  {
    name: "responses",
    labels: ["site", "outcome", "status"],
    help: "Requests answered, by site, outcome and class of the status.",
  },
  {
    name: "responseBytes",
    labels: ["site", "outcome"],
    help: "Bytes of content that were given to clients, by site and outcome. Those of requests that are refused before they are whole do not count.",
  },
  {
    name: "notStored",
    labels: ["site", "reason"],
    help: "Fills not stored, by site and reason; overtaken ones count elsewhere.",
  },
  {
    name: "originErrors",
    labels: ["site", "reason"],
    help: "Requests to an origin that got no response, or not all of one, by site and RFC 9209's word for the reason.",
  },
] as const satisfies readonly Metric[];

/** The gauges of an edge: current values, reported beside the counters. */
export const edgeGauges = [
  { name: "objects", inStats: true, help: "Stored responses held now." },
  {
    name: "bytes",
    inStats: true,
    help: "Bytes of stored responses held now, fields and bookkeeping included.",
  },
  {
    name: "originsUnreachable",
    help: "Sites whose origin could not be reached when it was last looked at; /origins names them.",
  },
  { name: "memoryLimitBytes", help: "Bytes that stored responses may take (--memory)." },
  {
    name: "storeLimitBytes",
    help: "Bytes that the store may hold now. It is less than the rest of --memory while the memory of the process is short.",
  },
  { name: "diskObjects", help: "Keys of which something is stored on disk (--disk)." },
  { name: "diskBytes", help: "Bytes of all files in --disk, with what waits to be written." },
  { name: "diskLimitBytes", help: "Bytes that they may take (--disk-size); 0 without --disk." },
  { name: "diskIndexBytes", help: "Bytes of memory that tell where each of them lies." },
  { name: "diskQueueBytes", help: "Bytes that wait to be written to disk." },
  { name: "diskReads", grows: true, help: "Keys whose responses came back from disk to memory." },
  { name: "diskReadBytes", grows: true, help: "Bytes of these responses." },
  { name: "diskWrites", grows: true, help: "Keys whose responses were given to the disk." },
  { name: "diskWrittenBytes", grows: true, help: "Bytes of these responses." },
  {
    name: "diskPassedOver",
    grows: true,
    help: "Keys whose responses were not given to the disk: too large, or the disk was slow, full or failing.",
  },
  {
    name: "diskEvictedSegments",
    grows: true,
    help: "Files of --disk that had to make room, the oldest first.",
  },
  { name: "diskEvictedObjects", grows: true, help: "Keys of which all that was on disk went with them." },
  { name: "diskOldestSeconds", help: "Age of the oldest file in --disk; 0 without one." },
  {
    name: "diskFailing",
    help: "1 while the last read or the last write of the disk has failed; admin-cli doctor says how. Else 0.",
  },
  {
    name: "diskErrors",
    grows: true,
    help: "Reads and writes that failed, and responses that were not on disk as they had been written.",
  },
  { name: "fillBytes", help: "Bytes of bodies on their way from origins to the store or to clients now." },
  {
    name: "heldBytes",
    help: "Bytes of answers that clients have not taken yet, and that nothing else needs; of an answer that is still arriving, 1 MiB.",
  },
  { name: "residentBytes", help: "Resident memory of the process." },
  {
    name: "residentLimitBytes",
    help: "The most resident memory that the process may take. +Inf when nothing watches it.",
  },
  { name: "inFlight", help: "Requests being answered on the data port now." },
  { name: "tunnelsOpen", help: "Tunnels that are open now, or being opened." },
  { name: "peersLive", help: "Other edges that this one may ask before the origin (--peers)." },
  { name: "purges", inStats: true, grows: true, help: "Purges applied from the purge log." },
  {
    name: "leaseLeftSeconds",
    help: "Seconds for which stored responses may be used unvalidated; 0 when lapsed.",
  },
  {
    name: "lagSeconds",
    help: "Seconds since the edge proved that it is at the purge log's tail. +Inf before the first time.",
  },
  {
    name: "logServerProblems",
    help: "Problems of the Redis of the purge log, as the edge saw it in the last minute; admin-cli doctor names them.",
  },
  {
    name: "eventLoopDelaySeconds",
    help: "Mean delay of the event loop over the last quarter of a second or so.",
  },
  {
    name: "certificateExpiryTimestampSeconds",
    help: "Unix time when the first certificate of the TLS port ends. +Inf while there is none.",
  },
  {
    name: "controlCertificateExpiryTimestampSeconds",
    help: "Unix time when the first certificate of the control plane ends. +Inf without one.",
  },
] as const satisfies readonly Metric[];

/** A current value for each protocol of clients. */
export const clientConnectionsGauge = {
  name: "clientConnections",
  labels: ["protocol"],
  help: "Connections of clients that are open now; none: no request has told the protocol yet.",
} as const satisfies Metric;

/** Current values of each site, reported beside the gauges. */
export const edgeSiteGauges = [
  {
    name: "originConnections",
    labels: ["site", "state"],
    help: "Connections to the origins of the site: active ones carry a request.",
  },
  {
    name: "originRequestsWaiting",
    labels: ["site"],
    help: "Requests that wait for a connection to an origin of the site.",
  },
] as const satisfies readonly Metric[];

/** Histograms, in seconds. Prometheus adds `_bucket`, `_sum` and `_count` to the name. */
export const edgeHistograms = [
  {
    name: "responseSeconds",
    labels: ["outcome"],
    help: "Seconds from a request to the beginning of its answer, by outcome. An answer in the same turn of the event loop counts as 0.",
  },
  {
    name: "originSeconds",
    help: "Seconds that requests waited for an answer that needs the origin, places and connections included.",
  },
  {
    name: "purgeSeconds",
    help: "Seconds from a call for a purge at this edge until every edge has applied it. One that stays pending does not count.",
  },
] as const satisfies readonly Metric[];
