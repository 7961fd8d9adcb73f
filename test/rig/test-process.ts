import { enableCompileCache } from "node:module";
import { join } from "node:path";

// What every process of a test run begins with: mocha loads it first, as .mocharc.json says.

// Tests start programs by the hundred, and these their own: compiled once, each loads in half the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../../node_modules/.cache/compiled");
enableCompileCache();
