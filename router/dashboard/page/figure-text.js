/** The sign for what is not known. */
export const UNKNOWN = "–";

/** 0.42, 7.3, 84, 1,240, 12.4 k. */
export function numberText(/** @type {number} */ value) {
  if (value >= 10_000_000) return `${(value / 1e6).toFixed(0)} M`;
  if (value >= 1_000_000) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 10_000) return `${(value / 1e3).toFixed(1)} k`;
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

/** @param {number | null | undefined} ms */
export function msText(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

/** @param {number | null | undefined} bytes */
export function bytesText(bytes) {
  if (bytes === null || bytes === undefined) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${step > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

/** 0 to 1. Not 100 % as long as something is missing. @param {number | undefined} share */
export function shareText(share) {
  if (share === undefined || Number.isNaN(share)) return UNKNOWN;
  const percent = share * 100;
  if (percent >= 99.95 || percent === 0) return `${percent.toFixed(0)} %`;
  return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
}

/** @param {number} ms since 1970 */
export function clockText(ms) {
  return new Date(ms).toLocaleTimeString("en-GB");
}

export function ageText(/** @type {number} */ ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s} s`;
  return s < 5400 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

// C0 and C1 controls, marks that change the direction of text, and characters without width.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\S ]/gu;

/** Strangers choose URLs: what cannot be seen, or turns text around, is shown by its bytes. */
export function visibleText(/** @type {string} */ text) {
  return text.replace(INVISIBLE, (found) => encodeURIComponent(found));
}
