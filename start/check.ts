// What `admin-cli check` runs: reads the settings of a program, and looks at what they name, without starting it. Prints one
// JSON document.
import { readSmallFile } from "../process/settings/small-file.ts";
import { checkSettings } from "./checked-settings.ts";

const [program = "", ...argv] = process.argv.slice(2);
const checked = await checkSettings(program, { argv, env: process.env, readFile: readSmallFile });
process.stdout.write(`${JSON.stringify(checked)}\n`);
