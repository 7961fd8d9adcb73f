import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A command whose input and output are a terminal, which `script` of Debian's essential package bsdutils gives it. */
export class TerminalRun {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #looks = new Set<() => void>();
  #said = "";
  readonly #ended: Promise<number | null>;

  private constructor(command: string, env: Readonly<Record<string, string>>) {
    const { EDGECACHE_EDGE: _edge, NO_COLOR: _plain, ...inherited } = process.env;
    this.#child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: ROOT,
      env: { ...inherited, ...env },
    });
    this.#child.stdout.on("data", (chunk) => {
      this.#said += chunk;
      for (const look of this.#looks) look();
    });
    this.#ended = once(this.#child, "close").then(([code]) => code);
  }

  /** undefined: this machine has no `script`. Words of the command must need no quotes. */
  static start(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): TerminalRun | undefined {
    if (spawnSync("script", ["--version"]).error !== undefined) return undefined;
    // Else a shell would be interrupted too.
    return new TerminalRun(`exec ${[process.execPath, ...words].map((word) => `'${word}'`).join(" ")}`, env);
  }

  /** All that it has written so far. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it has written this. Throws what it has written when it ends before. */
  async says(text: string | RegExp): Promise<void> {
    const said = Promise.withResolvers<void>();
    const look = () => {
      if (typeof text === "string" ? this.#said.includes(text) : text.test(this.#said)) said.resolve();
    };
    this.#looks.add(look);
    look();
    void this.#ended.then(() => said.reject(new Error(`ended with: ${this.#said}`)));
    await said.promise.finally(() => this.#looks.delete(look));
  }

  types(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    return await this.#ended;
  }
}
