/** A WordPress site of a shop: "Hello world!" with comments, a page behind a password, and a reader with a log-in. */
export interface WordPressSite {
  readonly url: URL;
  stop(): Promise<void>;
}

export const READER = { log: "reader", pwd: "reader-pass-1", email: "reader@example.org" };
export const PASSWORD = "open sesame";
/** What only those see who have opened the page. */
export const HIDDEN = "the hidden word";
