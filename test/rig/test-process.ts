import { enableCompileCache } from "node:module";
import { join } from "node:path";

// The setup of every process of a test run: .mocharc.json makes mocha load it first.

// Tests start programs by the hundred, and these their own: compiled once, each loads in half the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../../node_modules/.cache/compiled");
enableCompileCache();
