import { type AcmeConfig, type AcmeValues, acmeConfigOf } from "./acme-settings.ts";
import type { KeeperParts } from "./certificate-keeper.ts";

/** Keeps them until `signal`. undefined: they come from files alone. Never rejects. */
export function keepCertificates(
  values: AcmeValues,
  parts: KeeperParts,
  signal: AbortSignal,
): Promise<void> | undefined {
  const config = acmeConfigOf(values);
  return config === undefined ? undefined : keep(config, parts, signal);
}

/** Programs whose certificates come from files do not load the ACME client, which takes some 40 MiB of memory. */
async function keep(config: AcmeConfig, parts: KeeperParts, signal: AbortSignal): Promise<void> {
  const { CertificateKeeper } = await import("./certificate-keeper.ts");
  await new CertificateKeeper(config, parts).run(signal);
}
