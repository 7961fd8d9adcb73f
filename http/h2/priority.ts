/** RFC 9218 section 4: how soon a client needs an answer, and whether parts of it are of use. */
export interface Priority {
  /** From 0, the most urgent, to 7. */
  readonly urgency: number;
  readonly incremental: boolean;
}

export const DEFAULT_PRIORITY: Priority = { urgency: 3, incremental: false };

const URGENCY = /(?:^|,)[ \t]*u=([0-7])[ \t]*(?=$|[,;])/;
const INCREMENTAL = /(?:^|,)[ \t]*i(?:=\?([01]))?[ \t]*(?=$|[,;])/;

/** The value of Priority, a dictionary. RFC 9218 section 4: what is malformed or not known counts as its default. */
export function parsePriority(value: string): Priority {
  const urgency = URGENCY.exec(value)?.[1];
  const incremental = INCREMENTAL.exec(value);
  return {
    urgency: urgency === undefined ? DEFAULT_PRIORITY.urgency : Number(urgency),
    incremental: incremental !== null && incremental[1] !== "0",
  };
}
