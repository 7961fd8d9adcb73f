import { accessLogSettings } from "../../http/access-log/access-settings.ts";
import { setting } from "../../process/settings/program.ts";
import { flag } from "../../process/settings/values.ts";
import { edgeAccessFields } from "./request-log-fields.ts";

/** The settings of an edge about lines and identifiers of requests. */
export const requestLogSettings = {
  ...accessLogSettings(edgeAccessFields),
  requestIdField: setting({
    type: flag,
    default: false,
    help: "Answers tell clients the identifier of their request in X-Request-Id, in place of what the origin says there. Requests get identifiers without an access log too.",
  }),
};
