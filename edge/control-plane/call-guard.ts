import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import type { Callers } from "../../process/control/callers.ts";
import { certificateNames } from "../../process/control/certificate-names.ts";
import type { Log } from "../../process/log.ts";
import { authorize, type CallRight, type CallRules } from "./authorize.ts";
import type { CallFault } from "./call-result.ts";

// Guessing tokens fills the log no faster than this.
const REFUSED_LINE_EVERY_MS = 1_000;

/** The parts of a call that say who calls; of one way, or a stream. */
export type GuardedCall = Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "getPath" | "getPeer">;

/** A call that came by HTTP. */
export interface HttpCall {
  readonly path: string;
  /** Every value of the field Authorization. */
  readonly authorization: readonly string[];
  /** Of the certificate that the caller has proven; undefined: it showed none. */
  readonly names: readonly string[] | undefined;
  /** The address of the caller. */
  readonly peer: string;
}

/** Asks each call for its right, and says in the log which ones it refused. */
export class CallGuard {
  readonly #clock: Clock;
  readonly #log: Log;
  #rules: CallRules;
  /** By the metadata of the call, which goes along with it: reading a certificate takes as long as a small call. */
  readonly #names = new WeakMap<Metadata, readonly string[]>();
  #refusedLineAt = Number.NEGATIVE_INFINITY;

  constructor(rules: CallRules, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#rules = rules;
    this.#clock = clock;
    this.#log = log;
  }

  get callers(): Callers | undefined {
    return this.#rules.callers;
  }

  /** From the next call on. */
  setCallers(callers: Callers): void {
    this.#rules = { ...this.#rules, callers };
  }

  /** Undefined when the call may be made. */
  check(call: GuardedCall, right: CallRight): CallFault | undefined {
    return this.#check(call.metadata, call.getPath(), call.getPeer(), right);
  }

  /** The same for a call by HTTP: undefined when it may be made. */
  checkHttp({ path, authorization, names, peer }: HttpCall, right: CallRight): CallFault | undefined {
    const fault = authorize({ authorization, by: "field", names }, right, this.#rules);
    if (fault !== undefined) this.#logRefused({ path, by: peer, names }, "HTTP", fault);
    return fault;
  }

  /** Who calls, for the audit trail: the names of the certificate, and the address. */
  whoCalls(call: GuardedCall): string {
    return callerName(this.#names.get(call.metadata), call.getPeer());
  }

  /** The same for every service of the port, health and reflection included. */
  openTo(
    refusal: (fault: CallFault) => { readonly code?: number; readonly details?: string },
  ): ServerInterceptor {
    return ({ path }, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next(
            new ServerListenerBuilder()
              .withOnReceiveMetadata((metadata, pass) => {
                const names = namesOf(call.getAuthContext());
                if (names !== undefined) this.#names.set(metadata, names);
                const fault = this.#check(metadata, path, call.getPeer(), "open");
                if (fault === undefined) return pass(metadata);
                const { code = 2, details = "" } = refusal(fault);
                call.sendStatus({ code, details });
              })
              .build(),
          ),
      });
  }

  #check(metadata: Metadata, path: string, by: string, right: CallRight): CallFault | undefined {
    const names = this.#names.get(metadata);
    const authorization = metadata.get("authorization").map(String);
    const fault = authorize({ authorization, by: "metadata", names }, right, this.#rules);
    if (fault !== undefined) this.#logRefused({ path, by, names }, "gRPC", fault);
    return fault;
  }

  #logRefused(call: RefusedCall, protocol: "gRPC" | "HTTP", fault: CallFault): void {
    const now = this.#clock.monotonic();
    if (now - this.#refusedLineAt < REFUSED_LINE_EVERY_MS) return;
    this.#refusedLineAt = now;
    const why =
      fault.code === "permission-denied" ? "the certificate has no name that may" : "token missing or wrong";
    this.#log.warn(call, `${protocol} call refused: ${why}`);
  }
}

interface RefusedCall {
  readonly path: string;
  readonly by: string;
  readonly names: readonly string[] | undefined;
}

/** The names of a caller's certificate, and its address. */
export function callerName(names: readonly string[] | undefined, peer: string): string {
  return [...(names ?? []), peer].join(" ");
}

type AuthContext = ReturnType<ServerUnaryCall<unknown, unknown>["getAuthContext"]>;

/** Of the certificate that the caller has proven; undefined: it showed none. */
function namesOf({ sslPeerCertificate }: AuthContext): readonly string[] | undefined {
  return sslPeerCertificate === undefined ? undefined : certificateNames(sslPeerCertificate.subjectaltname);
}
