import type { AccessLogParts } from "../../http/access-log/access-log.ts";
import { AccessOutput } from "../../http/access-log/access-output.ts";
import { type AccessLogValues, accessLogForm } from "../../http/access-log/access-settings.ts";
import { type AcmeValues, acmeValuesOf } from "../../http/acme/acme-settings.ts";
import { type ClientLimits, clientLimitsOf } from "../../http/server/client-limits.ts";
import { COUNTED_ALONE } from "../../http/server/client-tables.ts";
import type { VersionValues } from "../../http/server/version-field.ts";
import { type TlsValues, tlsValuesOf } from "../../http/tls/tls-settings.ts";
import { tracesForm } from "../../http/tracing/server-spans.ts";
import type { TraceValues } from "../../process/tracing/trace-settings.ts";
import type { CacheContext } from "../cache/context.ts";
import { OPERATOR_TOKEN } from "../cache/purge-view.ts";
import { serve } from "../cache/serve.ts";
import type { Sites } from "../origin/sites.ts";
import type { DataPort } from "./data-port.ts";
import { Listener } from "./listener.ts";
import { LoggedPort } from "./logged-port.ts";
import type { SharedEdge } from "./workers/shared-edge.ts";
import { Workers } from "./workers/workers.ts";

// Of --memory, for the copies that serving threads hold.
const COPIES_SHARE = 1 / 8;

/** Bytes of --memory that the copies of serving threads may take. */
export function copiesBytes(memory: number, shared: SharedEdge | undefined): number {
  return shared === undefined ? 0 : memory * COPIES_SHARE;
}

export interface DataPortParts {
  readonly edge: CacheContext;
  readonly config: ClientLimits &
    TlsValues &
    AcmeValues &
    AccessLogValues &
    TraceValues &
    VersionValues & {
      readonly tunnelIdle: number;
      readonly requestIdField: boolean;
      readonly memory: number;
      readonly simulateLatency: number;
      readonly trustedProxies: readonly string[];
      readonly proxyProtocol: readonly string[];
    };
  readonly leaseLeftMs: () => number;
  readonly sites: Sites;
  /** undefined: this thread serves the port by itself. */
  readonly shared: SharedEdge | undefined;
}

/** The data port of an edge, which is not open yet. */
export function dataPort(parts: DataPortParts): DataPort {
  const { edge, config } = parts;
  const { accessLog } = config;
  if (accessLog.kind === "off") return portWith(parts, undefined);
  const dropped = (lines: number) => edge.counters.add("accessLogDropped", lines);
  const output = new AccessOutput(accessLog, { program: "edge", clock: edge.clock, log: edge.log, dropped });
  return new LoggedPort(
    portWith(parts, (batch, free) => output.take(batch, free)),
    output,
  );
}

function portWith(
  { edge, config, leaseLeftMs, sites, shared }: DataPortParts,
  logTo: AccessLogParts["take"] | undefined,
): DataPort {
  const { memory, simulateLatency: simulateLatencyMs, trustedProxies } = config;
  const { redirectToHttps, h2c, proxyProtocol, tunnelIdle, tellVersion, requestIdField } = config;
  const isToken = (offered: string) => edge.tokens?.token?.matches(offered) === true;
  const addresses = { trustedProxies, proxyProtocol };
  const protocols = { redirectToHttps, h2c, tunnelIdle, tellVersion, requestIdField };
  const { accessLogOmit } = config;
  const accessLog = { accessLogForm: accessLogForm(config), accessLogOmit, tracesForm: tracesForm(config) };
  const limits = clientLimitsOf(config);
  const listening = { simulateLatencyMs, ...addresses, ...protocols, ...limits, ...accessLog };
  const serving = { ...edge, serve: (request: Parameters<typeof serve>[0]) => serve(request, edge) };
  if (shared === undefined)
    return new Listener(serving, sites, { ...listening, isToken }, {}, COUNTED_ALONE, logTo);
  const workers = shared.cells.length;
  return new Workers({
    edge,
    logTo,
    serve: serving.serve,
    shared,
    sites,
    leaseLeftMs,
    mayBeAhead: (asked, fields) => {
      const offered = fields.get(OPERATOR_TOKEN);
      return asked.mayBeAhead === true || (offered !== undefined && isToken(offered));
    },
    start: {
      id: edge.id,
      config: listening,
      tls: { ...tlsValuesOf(config), ...acmeValuesOf(config) },
      copiesBytes: Math.floor(copiesBytes(memory, shared) / workers),
    },
  });
}
