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

  /** Who calls, for the audit trail: the names of the certificate, and the address. */
  whoCalls(call: GuardedCall): string {
    return [...(this.#names.get(call.metadata) ?? []), call.getPeer()].join(" ");
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
    const fault = authorize({ metadata, names }, right, this.#rules);
    if (fault !== undefined) this.#logRefused(path, by, names, fault);
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

type AuthContext = ReturnType<ServerUnaryCall<unknown, unknown>["getAuthContext"]>;

/** Of the certificate that the caller has proven; undefined: it showed none. */
function namesOf({ sslPeerCertificate }: AuthContext): readonly string[] | undefined {
  return sslPeerCertificate === undefined ? undefined : certificateNames(sslPeerCertificate.subjectaltname);
}
