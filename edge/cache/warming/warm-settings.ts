import { setting } from "../../../process/settings/program.ts";
import { flag, text, wholeNumber } from "../../../process/settings/values.ts";

/** The settings of an edge that fills itself before clients ask. */
export const warmSettings = {
  warmStart: setting({
    type: text("the path of a file"),
    help: "A file in which a stopping edge notes what was asked for most, and from which it fetches that when it starts again. For edges without --disk.",
  }),
  warmFromPeers: setting({
    type: flag,
    default: false,
    help: "Asks the other edges at the start for what is asked for most there, and fetches that. With --peers it comes from them.",
  }),
  warmPace: setting({
    type: wholeNumber(1, 10_000),
    default: 100,
    help: "How many pages a second these two fetch at most.",
  }),
};
