/**
 * Of pages that may be kept where nothing says for how long. RFC 9110 section 15.4.3: a 302 is for now, and is often for
 * one language or country only.
 */
export const PAGE_STATUSES = ["200", "301", "308"];
