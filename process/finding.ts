/** What an operator should know of a running program, as `admin-cli doctor` shows it. */
export interface Finding {
  /** A problem costs something now. A warning may do so later. */
  readonly severity: "problem" | "warning";
  /** What it is about: a setting, a file, a site, a part of the program. */
  readonly about: string;
  /** One sentence: what is so, and what to do where that is not plain. */
  readonly text: string;
}
