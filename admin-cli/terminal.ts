import { styleText } from "node:util";
import { printable } from "../process/printable.ts";

/** Colours for text that goes to stdout. */
export interface Painter {
  /** `text` in a colour if stdout shows colours, else unchanged. */
  paint(colour: Colour, text: string): string;
}

/** The output of a command, and the signal to stop. */
export interface Terminal extends Painter {
  /** To stdout, exactly as given. */
  write(text: string): void;
  /** One line on stderr: `admin-cli: <what failed>: <rule>, got <value>`. */
  complain(problem: string): void;
  /** One line on stderr that the next one replaces, if stderr is a screen; undefined removes it. */
  progress(line: string | undefined): void;
  /** Asks a person, who says yes by y. Where stdin and stderr are no terminal nobody is asked: it is yes. */
  confirms(question: string): Promise<boolean>;
  /** Whether stdout is a screen that can be redrawn. */
  readonly screen: boolean;
  /** Of the screen, as it is now. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Aborts on Ctrl-C, on SIGTERM and when stdout is closed. Call it once. */
  untilStopped(): AbortSignal;
}

export type Colour = "green" | "yellow" | "red" | "bold" | "dim";

// ECMA-48: to the beginning of the line, then erase to its end.
const CLEAR_LINE = "\r\u001b[K";

/** The terminal of a real process, on which `program` speaks. Colour only on a TTY without NO_COLOR (https://no-color.org). */
export function processTerminal(process: NodeJS.Process, program: string): Terminal {
  const screen = process.stdout.isTTY === true;
  const colours = screen && (process.env.NO_COLOR ?? "") === "";
  const stop = new AbortController();
  // A reader may stop early (`| head -1`); that is no failure.
  process.stdout.on("error", () => stop.abort());
  return {
    screen,
    get size() {
      // 0 where the terminal does not say.
      const { columns, rows } = process.stdout;
      return { columns: columns || 80, rows: rows || 24 };
    },
    write: (text) => process.stdout.write(text),
    complain: (problem) => process.stderr.write(`${program}: ${printable(problem)}\n`),
    progress: (line) => {
      if (process.stderr.isTTY === true) process.stderr.write(`${CLEAR_LINE}${line ?? ""}`);
    },
    confirms: async (question) => {
      if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return true;
      const { createInterface } = await import("node:readline/promises");
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("n")));
      const answer = await Promise.race([lines.question(`${program}: ${question} [y/N] `), ended]);
      lines.close();
      return /^\s*y(es)?\s*$/i.test(answer);
    },
    paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
    untilStopped: () => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop.abort());
      return stop.signal;
    },
  };
}
