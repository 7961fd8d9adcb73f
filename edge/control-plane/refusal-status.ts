import { status } from "@grpc/grpc-js";
import type { CallRefusal } from "../cache/call-refusals.ts";

/** How gRPC says why a call is not done. */
export const STATUS_OF: Record<CallRefusal, status> = {
  "invalid-argument": status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  "permission-denied": status.PERMISSION_DENIED,
  "resource-exhausted": status.RESOURCE_EXHAUSTED,
  "not-found": status.NOT_FOUND,
  "failed-precondition": status.FAILED_PRECONDITION,
};
