import { Failure } from "../process/failure.ts";

/** Another boot with this id may still serve by its lease. */
export function idTaken(edge: string, bootId: string): Failure {
  const rule = "two edges must not have one id, because they would have one receipt between them";
  return new Failure("edge-id-taken", "config", `${edge}: ${rule}: the boot ${bootId} has it`);
}
