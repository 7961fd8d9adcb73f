/** What becomes known of a request while it is forwarded. */
export class ForwardNote {
  /** For the edge, in X-Request-Id; undefined: it gets what the client sent. */
  readonly requestId: string | undefined;
  /** Requests that were sent, or begun to be sent, to edges. */
  tries = 0;
  /** Whether a second edge was asked because the first one took long. */
  hedged = false;
  /** The edge that answered. */
  edge: string | undefined;
  /** Monotonic milliseconds. */
  answeredAt: number | undefined;

  constructor(requestId: string | undefined) {
    this.requestId = requestId;
  }
}
