import { createServer, isIPv6, type Server } from "node:net";
import { Failure } from "./failure.ts";

/** `host:port` as it stands in a URL: IPv6 in brackets. */
export function hostPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** "shared": other sockets of this user may listen on the same port, and the kernel spreads the connections. */
export type PortSharing = "alone" | "shared";

/**
 * Listens and resolves with the bound port, which differs from `port` when that is 0.
 * `what` begins the message of a Failure: "edge-1 HTTP data port".
 */
export function listen(
  server: Server,
  host: string,
  port: number,
  what: string,
  sharing: PortSharing = "alone",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException) => reject(cannotListen(what, hostPort(host, port), cause));
    server.once("error", refused);
    server.listen({ host, port, reusePort: sharing === "shared" }, () => {
      server.off("error", refused);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/**
 * A port that sockets of this program are going to share. Several sockets can share a port only if each of them allows
 * it, so a socket that does not shows whether another program has the port. Throws a Failure.
 */
export async function portToShare(host: string, port: number, what: string): Promise<number> {
  const server = createServer();
  const bound = await listen(server, host, port, what);
  await new Promise((resolve) => server.close(resolve));
  return bound;
}

/** The one sentence for a port that cannot be had. Its code is port-in-use or cannot-listen. */
export function cannotListen(what: string, address: string, cause: NodeJS.ErrnoException): Failure {
  // Without the cause: the sentence says the same, and a program that cannot start prints causes too.
  const because = (sentence: string, code = "cannot-listen") =>
    new Failure(code, "config", `${what}: ${address} ${sentence}`);
  switch (cause.code) {
    case "EADDRINUSE":
      return because("is in use; stop the program that listens there or choose another port", "port-in-use");
    case "EACCES":
      return because("is not allowed for this user; choose a port from 1024 up");
    case "EADDRNOTAVAIL":
      return because("is not an address of this machine; choose one that is, or 127.0.0.1");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return because("has a host name that cannot be resolved; choose an IP address");
    default:
      return because(`cannot be listened on (${cause.message})`);
  }
}
