import { setting } from "../../../process/settings/program.ts";
import { bytes, text } from "../../../process/settings/values.ts";

const MIB = 2 ** 20;

/** The settings of the disk tier. */
export const diskSettings = {
  disk: setting({
    type: { ...text("the path of a directory"), name: "directory" },
    help: "A directory for stored responses that --memory has no room for, and that outlive the edge. Each edge needs one of its own. Default: none.",
  }),
  diskSize: setting({
    // Sixteen segments of 4 MiB; below that, each that goes takes a large part of what is stored along.
    type: bytes(64 * MIB, 2 ** 24 * MIB),
    default: 1024 * MIB,
    help: "The most bytes of all files in --disk.",
  }),
};
