import { type SettingsInput, setting } from "../settings/program.ts";
import { isReadableByAll } from "../settings/small-file.ts";
import { show, text } from "../settings/values.ts";

/** The PEM files by which a program proves on the control plane who it is, and knows the others. */
export interface ControlFiles {
  /** The certificates of the private CA. */
  readonly ca: string;
  /** undefined: it has no certificate, and proves by a token who it is. */
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
}

const pemFile = { ...text("the path of a PEM file"), name: "path" };

/** The settings of edge and router. */
export const controlSettings = {
  controlCa: setting({
    type: pemFile,
    help: "File with the certificate of the private CA of the control plane. With it, --control-cert and --control-key, callers of the gRPC and operator ports prove by a certificate who they are, and so does this program. All three are read again when they change.",
  }),
  controlCert: setting({
    type: pemFile,
    help: "File with this program's own certificate for the control plane, issued by that CA, then any intermediate ones.",
  }),
  controlKey: setting({
    type: pemFile,
    help: "File with the private key of --control-cert, without a passphrase.",
  }),
} as const;

export interface ControlValues {
  readonly controlCa: string | undefined;
  readonly controlCert: string | undefined;
  readonly controlKey: string | undefined;
}

export const NO_CONTROL_FILES: ControlValues = {
  controlCa: undefined,
  controlCert: undefined,
  controlKey: undefined,
};

/** Of a program that others call: all three files, or none. */
export function controlFilesOf(
  { controlCa: ca, controlCert: cert, controlKey: key }: ControlValues,
  { warn }: Pick<SettingsInput, "warn">,
): { readonly files: ControlFiles | undefined; readonly problems: readonly string[] } {
  const given = [ca, cert, key].filter((path) => path !== undefined).length;
  if (given === 0) return { files: undefined, problems: [] };
  if (ca === undefined || cert === undefined || key === undefined) {
    const rule = "all three must be given, or none";
    return {
      files: undefined,
      problems: [`--control-ca, --control-cert, --control-key: ${rule}, got ${given} of them`],
    };
  }
  if (isReadableByAll(key))
    warn?.(`--control-key: every user of this machine can read ${show(key)}; chmod 600 prevents it`);
  return { files: { ca, pair: { cert, key } }, problems: [] };
}
