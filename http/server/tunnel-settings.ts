import { setting } from "../../process/settings/program.ts";
import { duration, type ValueType } from "../../process/settings/values.ts";
import { mayBeTunnelled } from "../message/upgrade.ts";
import { WEB_SOCKET } from "./web-socket.ts";

/** A protocol that a tunnel may carry. */
export const protocolName: ValueType<string> = {
  name: "protocol",
  rule: "the name of a protocol as in the field Upgrade, such as websocket; HTTP, h2c and TLS never pass",
  parse: (text) => (mayBeTunnelled(text.toLowerCase()) ? text.toLowerCase() : undefined),
  format: (value) => value,
};

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

/** The settings of both programs. */
export const tunnelSettings = {
  tunnelIdle: setting({
    type: duration(SECOND_MS, 24 * HOUR_MS),
    // As nginx has it. Applications that keep a WebSocket open send something more often.
    default: 60 * SECOND_MS,
    help: "How long both sides of a tunnel, such as a WebSocket, may be silent; then it is closed.",
  }),
} as const;

/** Of a router: what it passes to edges, which decide. */
export const defaultTunnels = {
  tunnelIdle: tunnelSettings.tunnelIdle.default,
  upgrades: [WEB_SOCKET],
} as const;
