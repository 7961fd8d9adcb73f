import type { ConnectionFault } from "../../http/client/client-connection.ts";
import type { ResponseFault } from "../../http/client/response-reader.ts";
import type { Failure } from "../../process/failure.ts";
import {
  brokenOff,
  type OriginErrorCode,
  OriginFailure,
  originErrorOf,
  type Received,
} from "./origin-error.ts";

const MALFORMED: Readonly<Record<ResponseFault, OriginErrorCode>> = {
  malformed: "http_protocol_error",
  "too-large": "http_response_header_section_size",
  "transfer-coding": "http_response_transfer_coding",
  chunk: "http_response_transfer_coding",
  "switched-protocols": "http_upgrade_failed",
  "interim-flood": "http_protocol_error",
};

/** The Failure for a request that a connection could not carry to its end. */
export function failureOf(fault: ConnectionFault, received: Received, what: string): Failure {
  switch (fault.kind) {
    case "unreachable":
    case "broke-off":
      if (fault.cause !== undefined) return originErrorOf(fault.cause, received, what);
      return failure(brokenOff(received), received, what, "the origin closed the connection");
    case "malformed":
      return failure(MALFORMED[fault.fault], received, what, fault.why);
  }
}

function failure(code: OriginErrorCode, received: Received, what: string, why: string): OriginFailure {
  return new OriginFailure(code, received, `${what} failed: ${code}: ${why}`);
}
