/** `none`: no request has told it yet, as in a TLS handshake. */
export const CLIENT_PROTOCOLS = ["HTTP/1.1", "HTTP/2", "none"] as const;
/** HTTP/1.0 counts as HTTP/1.1. */
export type ClientProtocol = (typeof CLIENT_PROTOCOLS)[number];
export type OpenByProtocol = Readonly<Record<ClientProtocol, number>>;

/** What a server has to do now. */
export interface ServerLoad {
  /** Requests that are being answered. */
  readonly inFlight: number;
  /** Of clients, open now. */
  readonly connections: OpenByProtocol;
}
