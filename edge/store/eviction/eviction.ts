/**
 * Decides which entry a store gives up when its bytes run out. It knows the entries that are stored, and nothing else.
 * An entry is a small number from 1 on, which stands for another entry once it is removed. So what is kept of it can lie
 * in a table (edge/store/rows.ts).
 */
export interface Eviction {
  /** An entry is there, which was not there before. `hash`: 32 bits of its key, the same whenever it comes again. `bytes`: what it is charged for. */
  added(entry: number, hash: number, bytes: number): void;
  /** The entry answered a request. */
  used(entry: number): void;
  /** The entry is gone, whatever the reason. */
  removed(entry: number): void;
  /** The entry to give up next; undefined when there is none. The store takes it out and says so with `removed`. */
  victim(): number | undefined;
}
