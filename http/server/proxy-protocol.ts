import { setting } from "../../process/settings/program.ts";
import { listOf } from "../../process/settings/values.ts";
import { network } from "./trusted-proxies.ts";

/** The setting of edge and router. */
export const proxyProtocolSettings = {
  proxyProtocol: setting({
    type: listOf(network),
    default: [],
    help: "Addresses of load balancers whose connections begin with a PROXY header, version 1 or 2, on every data port. Connections from them without one are closed; from anyone else the header is no request. The address in it counts as the client's.",
  }),
} as const;
