/** @typedef {{ lesson: string | null, choices: Record<string, string>, seed: number, speed: string, at: number | undefined }} Address */

const DEFAULTS = { seed: 1, speed: "1" };
const OWN = new Set(["lesson", "seed", "speed", "at"]);

/** The lesson, the choices, the seed and the moment that the address names. It may say anything: all of it is checked. */
export function readAddress(/** @type {string} */ hash) {
  const told = new URLSearchParams(hash.replace(/^#/, ""));
  const seed = Number(told.get("seed") ?? DEFAULTS.seed);
  const at = Number(told.get("at") ?? Number.NaN);
  return {
    lesson: told.get("lesson"),
    choices: Object.fromEntries([...told].filter(([name]) => !OWN.has(name))),
    seed: Number.isInteger(seed) && seed >= 0 && seed <= 9999 ? seed : DEFAULTS.seed,
    speed: told.get("speed") ?? DEFAULTS.speed,
    at: Number.isFinite(at) && at >= 0 ? at : undefined,
  };
}

export function writeAddress(/** @type {Address} */ { lesson, choices, seed, speed, at }) {
  const told = new URLSearchParams({ lesson: lesson ?? "", ...choices });
  if (seed !== DEFAULTS.seed) told.set("seed", String(seed));
  if (speed !== DEFAULTS.speed) told.set("speed", speed);
  if (at !== undefined && at > 0) told.set("at", String(Math.round(at)));
  return `#${told}`;
}
