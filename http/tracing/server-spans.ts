import { methodAttributes, methodSpan } from "../../process/tracing/http-method.ts";
import type { Attributes } from "../../process/tracing/span.ts";
import { parseTraceparent, TRACEPARENT, type TraceContext } from "../../process/tracing/trace-context.ts";
import type { TraceValues } from "../../process/tracing/trace-settings.ts";
import type { Span, Tracer } from "../../process/tracing/tracer.ts";
import type { AskedBy } from "../access-log/access-entry.ts";
import type { AccessField } from "../access-log/access-fields.ts";
import type { AccessLogValues } from "../access-log/access-settings.ts";
import { Omitted } from "../access-log/omitted.ts";
import type { Fields } from "../message/fields.ts";
import type { ExchangeEnd } from "../server/exchange.ts";
import type { Peer } from "../server/peer.ts";

/** What a program records of the requests of its clients. */
export interface TracesForm {
  readonly sample: number;
  /** As the access log has it: what its lines leave out, spans leave out too. */
  readonly omit: readonly string[];
}

/** undefined: nothing is recorded. */
export function tracesForm({
  traces,
  traceSample: sample,
  accessLogOmit: omit,
}: TraceValues & Pick<AccessLogValues, "accessLogOmit">): TracesForm | undefined {
  return traces === undefined ? undefined : { sample, omit };
}

/**
 * The spans of requests as a server sees them, by OpenTelemetry's conventions for HTTP. The query is left out: it may hold
 * a secret of a client, and traces leave the machine.
 */
export class ServerSpans {
  readonly tracer: Tracer;
  readonly #omitted: Omitted;

  constructor(tracer: Tracer, omit: readonly string[]) {
    this.tracer = tracer;
    this.#omitted = new Omitted(omit);
  }

  /** The trace that a trusted proxy has put the request into. That of anybody else would make the program record at will. */
  parentOf(fields: Fields, { trusted }: Pick<Peer, "trusted">): TraceContext | undefined {
    return trusted ? parseTraceparent(fields.get(TRACEPARENT)) : undefined;
  }

  /** `at`: when it came, in monotonic milliseconds. */
  start(asked: AskedBy, target: string, parent: TraceContext | undefined, at: number): Span {
    const { method = "", scheme, host, client, protocol, userAgent } = asked;
    const [address, port] = hostAndPort(host);
    return this.tracer.start(methodSpan(method), parent, {
      kind: "server",
      at,
      attributes: {
        ...methodAttributes(method),
        "url.scheme": scheme,
        "url.path": this.#shown("target", target.split("?", 1)[0]),
        "server.address": this.#shown("host", address),
        "server.port": port,
        "client.address": this.#shown("client", client),
        "network.protocol.version": protocol?.slice("HTTP/".length),
        "user_agent.original": this.#shown("user_agent", userAgent),
      },
    });
  }

  /** `status`: 0 when the client got no answer. `more`: what the program has to say of it. */
  end(span: Span, status: number, bytes: number, end: ExchangeEnd, more: Attributes): void {
    span.set({
      "http.response.status_code": status === 0 ? undefined : status,
      "http.response.body.size": bytes,
      ...more,
    });
    // For a server, what the client did wrong is no error.
    span.end(end === "answered" ? (status >= 500 ? String(status) : undefined) : end);
  }

  /** Members of a line of the access log, as attributes. */
  members<Field extends string>(
    all: readonly (readonly [name: Field, value: string | number | boolean | undefined])[],
  ): Attributes {
    const shown = all.filter(([name]) => this.#omitted.shows(name));
    return Object.fromEntries(shown.map(([name, value]) => [`edgecache.${name}`, value]));
  }

  #shown(field: AccessField, value: string | undefined): string | undefined {
    return this.#omitted.shows(field) ? value : undefined;
  }
}

function hostAndPort(host: string | undefined): readonly [string | undefined, number | undefined] {
  const [, name, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(host ?? "") ?? [];
  return [name === "" ? undefined : name, port === undefined ? undefined : Number(port)];
}
