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

/** The ports of a program for its clients. */
export interface ClientPorts {
  readonly host: string;
  readonly port: number;
  /** undefined: it has no TLS port. */
  readonly tlsPort: number | undefined;
}

/** Ports that nobody else can have. */
export interface HeldPorts extends ClientPorts {
  /** To be called when those that share the ports listen there. */
  release(): Promise<void>;
}

/**
 * Holds the ports that several threads are going to share. Who connects before they are released may be cut off. Throws
 * a Failure. `what`: as of `listen`.
 */
export async function holdPorts({ host, port, tlsPort }: ClientPorts, what: string): Promise<HeldPorts> {
  const [http, holder] = await held(host, port, what);
  if (tlsPort === undefined) return { host, port: http, tlsPort, release: () => closed(holder) };
  try {
    const [https, tlsHolder] = await held(host, tlsPort, `${what}, by TLS`);
    const release = async (): Promise<void> => {
      await closed(holder);
      await closed(tlsHolder);
    };
    return { host, port: http, tlsPort: https, release };
  } catch (thrown) {
    await closed(holder);
    throw thrown;
  }
}

/**
 * Several sockets can share a port only if each of them allows it. So a socket that does not shows whether another
 * program has the port. Then one that does keeps it.
 */
async function held(host: string, port: number, what: string): Promise<[port: number, holder: Server]> {
  const alone = createServer();
  const bound = await listen(alone, host, port, what);
  await closed(alone);
  const holder = createServer((socket) => socket.destroy());
  await listen(holder, host, bound, what, "shared");
  return [bound, holder];
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
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
    // libuv knows no SO_REUSEPORT that balances on macOS and Windows.
    case "ENOTSUP":
      return because("cannot be shared by several threads on this system; use --workers 1, or Linux");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return because("has a host name that cannot be resolved; choose an IP address");
    default:
      return because(`cannot be listened on (${cause.message})`);
  }
}
