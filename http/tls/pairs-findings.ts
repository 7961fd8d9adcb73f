import { readFileSync } from "node:fs";
import type { Finding } from "../../process/finding.ts";
import { certificateFindings, readCertificate } from "./certificate.ts";
import type { TlsValues } from "./tls-settings.ts";

/** What an operator should know of the pairs that settings name. `hosts`: of the configured sites; empty: any. */
export function pairsFindings(
  { tlsCert, tlsKey }: Pick<TlsValues, "tlsCert" | "tlsKey">,
  hosts: readonly string[],
  now: number,
): readonly Finding[] {
  return tlsCert.flatMap((cert, index) => {
    const files = { cert, key: tlsKey[index] ?? "" };
    const read = readCertificate(files, (path) => readFileSync(path, "utf8"));
    if (read.kind === "certificate") return certificateFindings(read.certificate, now, hosts);
    return [{ severity: "problem", about: "--tls-cert, --tls-key", text: read.why }];
  });
}
