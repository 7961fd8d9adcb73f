import { PathPattern } from "./path-pattern.ts";
import { SeenPath } from "./path-readings.ts";
import { takenParameter } from "./token-parameter.ts";

/** Which URLs of a site need a token, as its owner wrote it: plain data, which can be sent to another thread. */
export interface SignSettings {
  /** Patterns of paths. Empty: none. */
  readonly paths: readonly string[];
  /** The parameter with the token. */
  readonly parameter: string;
  /** Milliseconds from now until when a token may at most be good. */
  readonly longest: number;
  /** The file with the keys. */
  readonly keys: string | undefined;
}

/** Why a URL is not served. Operators learn it, clients do not. */
export type TokenFault =
  | "missing"
  | "unclear"
  | "malformed"
  | "unknown-key"
  | "expired"
  | "expires-too-late"
  | "other-path"
  | "wrong-signature"
  | "no-keys";

export interface AskedUrl {
  /** As in a Host field, in lower case. */
  readonly host: string;
  /** Without the token. */
  readonly target: string;
}

/** Says what is wrong with a token; undefined: it is right. `now`: milliseconds since 1970. */
export type TokenCheck = (token: string, asked: AskedUrl, now: number) => TokenFault | undefined;

export type OpenedUrl =
  | { readonly kind: "open"; readonly target: string }
  | { readonly kind: "refused"; readonly why: TokenFault };

/** The URLs of a site that are served only with a token. Any reading of a path counts, as for rules that guard. */
export class SignedUrls {
  readonly written: SignSettings;
  readonly #patterns: readonly PathPattern[];
  readonly #check: TokenCheck;

  /** Without a check no token is right. */
  constructor(written: SignSettings, check: TokenCheck = () => "no-keys") {
    this.written = written;
    this.#patterns = written.paths.map((pattern) => new PathPattern(pattern, true));
    this.#check = check;
  }

  needsToken(target: string): boolean {
    if (this.#patterns.length === 0) return false;
    const { guarded } = new SeenPath(target);
    return this.#patterns.some((pattern) => guarded.some((reading) => pattern.matches(reading)));
  }

  /** The target that everything behind sees, without its token. */
  opened(host: string, target: string, now: number): OpenedUrl {
    const taken = takenParameter(target, this.written.parameter);
    switch (taken.kind) {
      case "none":
        return { kind: "refused", why: "missing" };
      case "unclear":
        return { kind: "refused", why: "unclear" };
      case "one": {
        const why = this.#check(taken.value, { host, target: taken.target }, now);
        return why === undefined ? { kind: "open", target: taken.target } : { kind: "refused", why };
      }
    }
  }
}

const DAY_MS = 86_400_000;

export const NOTHING_SIGNED = new SignedUrls({
  paths: [],
  parameter: "token",
  longest: 365 * DAY_MS,
  keys: undefined,
});
