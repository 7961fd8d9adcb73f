import type { AccessLogForm } from "../../http/access-log/access-log.ts";
import type { ClientLimits } from "../../http/server/client-limits.ts";
import type { VersionValues } from "../../http/server/version-field.ts";
import type { TracesForm } from "../../http/tracing/server-spans.ts";

/** How a data port is served, in whatever thread. */
export interface ServingConfig extends ClientLimits, VersionValues {
  /** How much later every answer is given, to play a far edge. */
  readonly simulateLatencyMs: number;
  /** Networks of the proxies that are believed about the addresses before them. */
  readonly trustedProxies: readonly string[];
  /** Networks of the load balancers whose connections begin with a PROXY header. */
  readonly proxyProtocol: readonly string[];
  /** Requests by HTTP are answered with the same URL by HTTPS. */
  readonly redirectToHttps: boolean;
  /** HTTP/2 on the plain port too. */
  readonly h2c: boolean;
  /** How long both sides of a tunnel may be silent, in milliseconds. */
  readonly tunnelIdle: number;
  /** Whether clients are told the identifiers of their requests. */
  readonly requestIdField: boolean;
  /** undefined: no access log is written. */
  readonly accessLogForm?: AccessLogForm | undefined;
  /** What nobody is shown of a request, as --access-log-omit says. */
  readonly accessLogOmit: readonly string[];
  /** undefined: nothing is traced. */
  readonly tracesForm?: TracesForm | undefined;
}

/** The settings of a data port. */
export interface ListenerConfig extends ServingConfig {
  /** Whether a client has the token, and so may name a position of the purge log that this edge has not reached. */
  readonly isToken: (offered: string) => boolean;
}
