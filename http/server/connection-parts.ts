import type { Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";
import type { RefusedRequest } from "../message/refusal.ts";
import type { AnswersAtOnce } from "./answer-at-once.ts";
import type { ClientRequests } from "./client-requests.ts";
import type { Connections, OpenConnection } from "./connections.ts";
import type { Exchange } from "./exchange.ts";
import type { Peer } from "./peer.ts";
import type { ReaderProgress } from "./reader-progress.ts";
import type { TimeoutLimits } from "./timeouts.ts";
import type { Turns } from "./turn.ts";
import type { WriteBuffer } from "./write-buffer.ts";

/** The parts of its server that a connection uses. */
export interface ConnectionParts {
  readonly clock: Clock;
  readonly outgoing: WriteBuffer;
  readonly connections: Connections;
  readonly requests: ClientRequests;
  readonly turns: Turns;
  readonly progress: ReaderProgress;
  /** `fieldsMs`: for a head to arrive, from its first byte, or from the connection when nothing comes. */
  readonly limits: TimeoutLimits & { readonly fieldsMs: number };
  /** A request counts as in flight from now on. */
  readonly began: () => void;
  /** Called for each request. The program answers it through the exchange. */
  readonly take: (exchange: Exchange) => void;
  readonly atOnce: AnswersAtOnce | undefined;
  /** The protocols, in lower case, for which a connection may become a tunnel. */
  readonly upgrades: ReadonlySet<string>;
  /** Its answer has left, or never will. */
  readonly ended: () => void;
  /** The answer to bytes that are no request; the connection is closed after it. */
  readonly refuse: (refused: RefusedRequest, headOnly: boolean, peer: Peer) => string;
  /** The program threw: logs it and makes the answer, after which the connection is closed. */
  readonly fault: (thrown: unknown, exchange: Exchange | undefined) => string;
}

/** A connection that bytes of a client are given to. */
export interface Receiver extends OpenConnection {
  /** `shared`: the bytes are there until it returns, and no longer. */
  received(bytes: Buffer, shared: boolean): void;
}

/** Makes connections of another protocol than HTTP/1.1. */
export type ConnectionMaker = (socket: Socket, peer: Peer, parts: ConnectionParts) => Receiver;
