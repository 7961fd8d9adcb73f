/** Decides which key a store gives up when its bytes run out. It knows the keys that are stored, and nothing else. */
export interface Eviction {
  /** Something is stored under the key, which was not there before. */
  added(key: string): void;
  /** What is stored under the key answered a request. */
  used(key: string): void;
  /** Nothing is stored under the key any more, whatever the reason. */
  removed(key: string): void;
  /** The key to give up next; undefined when there is none. The store takes it out and says so with `removed`. */
  victim(): string | undefined;
}
