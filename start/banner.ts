import { styleText } from "node:util";
import { origin } from "../edge/origin/sites.ts";
import type { Address } from "../process/address.ts";
import { hostPort } from "../process/listen.ts";
import { redisUrl } from "../process/settings/redis-url.ts";
import { isDemoSite, type StartConfig } from "./config.ts";
import type { System } from "./system.ts";
import { USUAL_PORTS } from "./system-ports.ts";

/** The text that the one-command system prints once everything listens: the addresses, and three commands to try. */
export function banner(system: System, config: StartConfig): string {
  const at = (address: Address): string => hostPort(address.host, address.port);
  const front = `http://${at(system.router.http)}`;
  // The banner knows the content of the demo site only.
  const [from, page] = isDemoSite(config.origin)
    ? ["the demo site", "/hello.txt"]
    : [origin.format(config.origin), "/"];
  const purgeLog = config.redis === undefined ? "in memory" : redisUrl.format(config.redis);
  const rows = [
    ["", "HTTP", "gRPC", "operator", "simulated latency"],
    ["router", at(system.router.http), "-", at(system.router.admin), "-"],
    ...system.edges.map((edge, index) => [
      edge.id,
      at(edge.http),
      at(edge.grpc),
      at(edge.admin),
      `${config.simulateLatencyMs[index] ?? 0} ms`,
    ]),
  ];
  const edges = system.edges.map(({ grpc }) => at(grpc)).join(",");
  // Those that the commands know by themselves.
  const isUsual = config.ports === USUAL_PORTS;
  const told = `  export EDGECACHE_EDGE=${edges} EDGECACHE_ROUTER=${at(system.router.admin)}\n`;
  return `${styleText("bold", "edgeCache")} serves ${from}; purge log: ${purgeLog}

${table(rows)}

Try:
${isUsual ? "" : told}  curl -i ${front}${page}
  npx edgecache purge ${page}
  grpcurl -plaintext ${at(system.edges[0]?.grpc ?? system.router.http)} edgecache.v1.EdgeService/Stats

In a browser: ${browserLines(front, system.router.https)}Ctrl-C stops everything.
Dashboard:    http://${at(system.router.admin)}/
${isDemoSite(config.origin) ? `Lessons:      ${front}/learn/\n` : ""}`;
}

/** Browsers use HTTP/2 with HTTPS only. */
function browserLines(front: string, https: Address | undefined): string {
  if (https === undefined) return `${front}/    `;
  const secure = `https://localhost:${https.port}`;
  return `${secure}/ (HTTP/2; accept its certificate), or ${front}/
              curl -ik --http2 ${secure}/

`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
