import { setting } from "../settings/program.ts";
import { share, type ValueType } from "../settings/values.ts";

// Checked before `new URL`, which repairs backslashes, blanks and missing slashes silently.
const ENDPOINT = /^https?:\/\/[^\s\\/?#@]+(?:\/[^\s\\?#]*)?$/i;

const endpoint: ValueType<URL> = {
  name: "url",
  rule: "http://host[:port]/path or https://host[:port]/path, without credentials, query or fragment, such as http://127.0.0.1:4318/v1/traces",
  parse: (value) => {
    if (!ENDPOINT.test(value) || !URL.canParse(value)) return undefined;
    const url = new URL(value);
    return url.port === "0" ? undefined : url;
  },
  format: (value) => value.href,
};

export const traceSettings = {
  traces: setting({
    type: endpoint,
    help: "Where traces go: the URL at which an OpenTelemetry collector takes spans by OTLP over HTTP, with its path. Without it there are none.",
  }),
  traceSample: setting({
    type: share,
    // One in a hundred shows what is usual, at no cost that shows.
    default: 0.01,
    help: "The share of traces that are recorded, of those that begin here. A request that a trusted proxy has put into a trace is recorded as that says.",
  }),
} as const;

export interface TraceValues {
  readonly traces: URL | undefined;
  readonly traceSample: number;
}

/** The values of a program that records none. */
export const NO_TRACES: TraceValues = { traces: undefined, traceSample: traceSettings.traceSample.default };
