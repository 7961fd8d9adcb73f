// The words of a key.
export const HASH = 0;
export const NEXT_KEY = 1;
/** Its first response. */
export const FIRST = 2;
export const USES = 3;
export const PERIOD = 4;
export const KEY_WORDS = 5;

// The words of a response.
export const NEXT_VARIANT = 0;
/** Even and above 0 while the response is there: another number for each that ever stood in the row. */
export const VERSION = 1;
/** Of its record; 0: the row is free. */
export const ADDRESS = 2;
export const OF_KEY = 3;
export const LAST_USE = 4;
export const FIRST_PLACE = 5;
/** How often everything had been covered when it came (sharing.ts); COVERED since a purge covers it. */
export const STAMP = 6;
export const RESPONSE_WORDS = 7;

/** Of STAMP: it is to be validated, or is stale, whatever it says of itself. */
export const COVERED = -1;
