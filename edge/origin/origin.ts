import type { Fields } from "../../http/message/fields.ts";
import { isIdempotent } from "../../http/message/methods.ts";
import type { Trailers } from "../../http/message/trailers.ts";
import type { OriginTimeouts } from "../rules/site/site-rule.ts";
import type { GiveUpSignal } from "./give-up.ts";

/** A request to an origin, rebuilt from parsed parts: nothing of the client's bytes is spliced into it. */
export interface OriginRequest {
  readonly method: string;
  /** Path with optional query, beginning with "/", exactly the bytes of the cache key. */
  readonly target: string;
  /** The host that the client asked for, with its port when one is given; "" when it named none. */
  readonly authority?: string;
  readonly fields: Fields;
  /** One of the site's other origins, by its name; undefined: the usual one. */
  readonly origin?: string | undefined;
  readonly timeouts?: OriginTimeouts | undefined;
  readonly body?: AsyncIterable<Uint8Array>;
  /** The body is in memory: it can be read again. */
  readonly isBodyHeld?: boolean;
  /**
   * The protocol to which the client wants to change, in lower case. The body is what it says in that protocol: it is read
   * when the origin has agreed (101), and not at all when it answers otherwise. The content of a 101 is what the origin says.
   */
  readonly upgrade?: string;
  /** Whether the client takes trailers. */
  readonly takesTrailers?: boolean | undefined;
  /**
   * Called for each interim response (RFC 9110 section 15.2) that is to be passed on to the client, before fetch
   * resolves: a status from 102 to 199 with its end-to-end fields, in order, at most 16. It must not throw.
   */
  readonly onInterim?: ((status: number, fields: Fields) => void) | undefined;
  /** Called with the address of each origin that is asked. It must not throw. */
  readonly onAsked?: ((base: URL) => void) | undefined;
}

/** The content of a response. */
export interface OriginBody extends AsyncIterable<Uint8Array> {
  /**
   * All of it, in memory of its own, if it has come with the fields and nothing of it has been read. Then there is nothing
   * more to read or to return.
   */
  takeWhole?(): Uint8Array | undefined;
  /** From now on all of it is put together in large pieces, of which the chunks are views. `length`: if it is known. */
  gather?(length: number | undefined): void;
  /** From now on each chunk has memory of its own, which is free as soon as the chunk is. */
  scatter?(): void;
}

/** A response of an origin, once its fields have arrived. */
export interface OriginResponse {
  readonly status: number;
  readonly fields: Fields;
  /**
   * The content as it arrives; it pulls, so a slow reader slows the origin. It throws a Failure when the
   * content ends short, too long or too late. Returning early from the loop frees the connection.
   */
  readonly body: OriginBody;
  /** What stands behind the content, where something can. */
  readonly trailers?: Trailers | undefined;
  /** The content ends with the connection, so nothing tells whether it is whole: it may not be stored. */
  readonly endsWithConnection?: boolean;
}

/** The connections to an origin, of tunnels too. */
export interface OriginConnections {
  /** With a request on its way. */
  readonly active: number;
  readonly idle: number;
  /** Requests that wait for one. */
  readonly waiting: number;
}

export const NO_CONNECTIONS: OriginConnections = { active: 0, idle: 0, waiting: 0 };

export function addConnections(all: readonly (OriginConnections | undefined)[]): OriginConnections {
  return all.reduce<OriginConnections>(
    (sum, each = NO_CONNECTIONS) => ({
      active: sum.active + each.active,
      idle: sum.idle + each.idle,
      waiting: sum.waiting + each.waiting,
    }),
    NO_CONNECTIONS,
  );
}

/** Where responses come from: a directory, or an HTTP base URL. */
export interface Origin {
  /** Throws a Failure with source "origin" when no response can be had. `signal` gives up at any time. */
  fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse>;
  /** Resolves when the origin can be reached, else throws a Failure. For /readyz. */
  probe(): Promise<void>;
  /** Now. undefined: it has none, such as a directory. */
  readonly connections?: OriginConnections;
  /** Ends the requests under way. */
  close(): Promise<void>;
}

/** An origin that another one may take the place of. */
export interface ReplaceableOrigin extends Origin {
  /** Nobody asks it any more. Resolves when the requests under way have ended. */
  retire(): Promise<void>;
}

/**
 * Whether a request that got nothing of a response may be sent again: doing it twice is as good as once, and it has
 * no body of which an unknown part has been read already. That of a tunnel has not, and one in memory is read again.
 */
export function isRepeatable({ method, body, isBodyHeld, upgrade }: OriginRequest): boolean {
  return isIdempotent(method) && (body === undefined || isBodyHeld === true || upgrade !== undefined);
}

/** A body in memory, or an empty one. It holds nothing open, so it may stay unread. */
export async function* plainBody(bytes?: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes !== undefined && bytes.byteLength > 0) yield bytes;
}
