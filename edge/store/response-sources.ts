import type { Directory } from "./directory.ts";
import { SoftPurges } from "./soft-purges.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Where a response object comes from. */
interface Source {
  readonly directory: Directory;
  readonly row: number;
  readonly version: number;
  /** When it was softly purged, as far as was known when the object was made. */
  readonly softPurgedAt: number | undefined;
  /** Soft purges that had begun then. */
  readonly softPurges: number;
}

/** Knows of every response object for which row it stands. An object may live longer than its row. */
export class ResponseSources {
  readonly softPurges = new SoftPurges();
  /** Weak, because a request may still hold a response that the store has dropped, and must know that it is stale. */
  readonly #sources = new WeakMap<StoredResponse, Source>();

  note(stored: StoredResponse, directory: Directory, row: number): void {
    const softPurgedAt = directory.softPurgedAt(row);
    const version = directory.versionOf(row);
    this.#sources.set(stored, { directory, row, version, softPurgedAt, softPurges: this.softPurges.count });
  }

  /** Its row while the directory holds it; 0: it does not. */
  rowOf(stored: StoredResponse, directory: Directory): number {
    const source = this.#sources.get(stored);
    if (source === undefined || source.directory !== directory) return 0;
    return directory.holds(source.row, source.version) ? source.row : 0;
  }

  softPurgedAt(stored: StoredResponse, directory: Directory): number | undefined {
    const source = this.#sources.get(stored);
    if (source === undefined) return undefined;
    const row = this.rowOf(stored, directory);
    if (row !== 0) return directory.softPurgedAt(row);
    // It is not known any more which of the soft purges since then have covered it.
    return source.softPurgedAt ?? this.softPurges.firstAfter(source.softPurges);
  }
}
