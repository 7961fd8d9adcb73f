import { text } from "../../process/settings/values.ts";

/** The name of an edge or a site. It appears unchanged in header fields, logs and metrics. */
export const nodeName = text(
  "a name of 1 to 63 letters, digits, dots, hyphens and underscores that begins with a letter or a digit",
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
);
