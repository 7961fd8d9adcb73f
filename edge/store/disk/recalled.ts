import type { StoredResponse } from "../stored-response.ts";

/** What comes back. */
export interface Recalled {
  readonly responses: readonly StoredResponse[];
  /** Whether the site fetches from elsewhere now, or a part of the disk is lost that may have said that they are gone. */
  readonly isDoubtful: (site: string) => boolean;
}
