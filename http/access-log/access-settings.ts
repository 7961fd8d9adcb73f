import { setting } from "../../process/settings/program.ts";
import { choice, listOf, share } from "../../process/settings/values.ts";
import type { AccessFormat } from "./access-line.ts";
import type { AccessLogForm } from "./access-log.ts";
import { type AccessTarget, accessTarget } from "./access-target.ts";
import { omission } from "./omitted.ts";

/** The settings of a program. `fields`: what its lines may leave out. */
export const accessLogSettings = (fields: readonly string[]) => ({
  accessLog: setting({
    type: accessTarget,
    default: { kind: "off" },
    help: "Where one line for each request of a client is written: to standard output (stdout), to a file, which is opened again after SIGUSR1 and SIGHUP, or to a syslog server by UDP. off writes none.",
  }),
  accessLogFormat: setting({
    type: choice<AccessFormat>("json", "common", "combined"),
    default: "json",
    help: "The form of its lines: JSON, or the Common Log Format, or the combined one of Apache and nginx.",
  }),
  accessLogSample: setting({
    type: share,
    default: 1,
    help: "The share of requests that are written. Those with a status from 400 on, and those that broke off, are always written.",
  }),
  accessLogOmit: setting({
    type: listOf(omission(fields)),
    default: [],
    help: "Fields to leave out of the lines, by name, and query parameters whose values are left out, as query:name, such as query:token,client. query:* leaves out all values.",
  }),
});

export interface AccessLogValues {
  readonly accessLog: AccessTarget;
  readonly accessLogFormat: AccessFormat;
  readonly accessLogSample: number;
  readonly accessLogOmit: readonly string[];
}

/** The values of a program that writes none. */
export const NO_ACCESS_LOG: AccessLogValues = {
  accessLog: { kind: "off" },
  accessLogFormat: "json",
  accessLogSample: 1,
  accessLogOmit: [],
};

/** undefined: no lines are written. */
export function accessLogForm(values: AccessLogValues): AccessLogForm | undefined {
  const { accessLog, accessLogFormat: format, accessLogSample: sample, accessLogOmit: omit } = values;
  return accessLog.kind === "off" ? undefined : { format, sample, omit };
}
