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
export type GuardedCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  "metadata" | "getPath" | "getPeer" | "getAuthContext"
>;

/** Asks each call for its right, and says in the log which ones it refused. */
export class CallGuard {
  readonly #clock: Clock;
  readonly #log: Log;
  #rules: CallRules;
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
    return this.#check(call.metadata, call.getPath(), call, right);
  }

  /** Who calls, for the audit trail: the names of the certificate, and the address. */
  whoCalls(call: GuardedCall): string {
    return [...(namesOf(call) ?? []), call.getPeer()].join(" ");
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
                const peer = {
                  getPeer: () => call.getPeer(),
                  getAuthContext: () => call.getAuthContext(),
                };
                const fault = this.#check(metadata, path, peer, "open");
                if (fault === undefined) return pass(metadata);
                const { code = 2, details = "" } = refusal(fault);
                call.sendStatus({ code, details });
              })
              .build(),
          ),
      });
  }

  #check(
    metadata: Metadata,
    path: string,
    call: Pick<GuardedCall, "getPeer" | "getAuthContext">,
    right: CallRight,
  ): CallFault | undefined {
    const names = namesOf(call);
    const fault = authorize({ metadata, names }, right, this.#rules);
    if (fault !== undefined) this.#logRefused(path, call.getPeer(), names, fault);
    return fault;
  }

  #logRefused(path: string, by: string, names: readonly string[] | undefined, fault: CallFault): void {
    const now = this.#clock.monotonic();
    if (now - this.#refusedLineAt < REFUSED_LINE_EVERY_MS) return;
    this.#refusedLineAt = now;
    const why =
      fault.code === "permission-denied" ? "the certificate has no name that may" : "token missing or wrong";
    this.#log.warn({ path, by, names }, `gRPC call refused: ${why}`);
  }
}

/** Of the certificate that the caller has proven; undefined: it showed none. */
function namesOf(call: Pick<GuardedCall, "getAuthContext">): readonly string[] | undefined {
  const { sslPeerCertificate } = call.getAuthContext();
  return sslPeerCertificate === undefined ? undefined : certificateNames(sslPeerCertificate.subjectaltname);
}
