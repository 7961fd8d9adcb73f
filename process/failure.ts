/** The party that caused a failure. */
export type FailureSource = "client" | "origin" | "store" | "log" | "config" | "edge";

/**
 * The one error shape: what failed, the rule and the value got in `message`; `code` is stable and is
 * the word in logs, metrics and Proxy-Status; `cause` is for the log only, never sent to a peer.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: string;
  readonly source: FailureSource;

  constructor(code: string, source: FailureSource, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.source = source;
  }
}

/** One line about anything that was thrown, its causes included where the message does not tell them already. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message === "" ? thrown.name : thrown.message;
  if (thrown.cause === undefined) return own;
  const cause = describeError(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}
