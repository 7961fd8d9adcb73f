import type { Lesson } from "./lesson.ts";
import { purgeRacesAFill } from "./lessons/purge-races-a-fill.ts";

/** In the order in which they are to be read. */
export const LESSONS: readonly Lesson[] = [purgeRacesAFill];
