import { Failure } from "../../process/failure.ts";
import { show } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import type { Called, Command } from "../command.ts";
import { type Completed, SHELLS } from "../shell-completion.ts";

const OPTIONS = { help: COMMON_OPTIONS.help } as const satisfies Options;

export const completionCommand: Command = {
  synopsis: "bash | zsh | fish",
  options: OPTIONS,
  examples: [
    ["bash > ~/.local/share/bash-completion/completions/edgecache", "bash, from the next shell on"],
    ["zsh > ~/.zfunc/_edgecache", "zsh, where ~/.zfunc is in fpath before compinit"],
    ["fish > ~/.config/fish/completions/edgecache.fish", "fish"],
  ],
  notes: [
    "It completes edgecache and admin-cli, when one of them is on PATH. It is made from the commands and their options, so\nprint it again after an upgrade.",
    "Exit codes: 0 it is on stdout; 2 wrong usage.",
  ],
  async run({ argv, terminal, called }) {
    const { positionals } = parseOptions("completion", OPTIONS, argv);
    const [shell, second] = positionals;
    const script = SHELLS.get(shell ?? "");
    if (script === undefined || second !== undefined) {
      const got = shell === undefined ? "nothing" : show(second ?? shell);
      throw new Failure(
        "bad-usage",
        "client",
        `completion: takes one of ${[...SHELLS.keys()].join(", ")}, got ${got}`,
      );
    }
    terminal.write(script(await completedOf(called)));
    return 0;
  },
};

async function completedOf({ programs, commands }: Called): Promise<Completed[]> {
  const names = [...programs, ...commands].map(({ name }) => name);
  const listed = await Promise.all(
    commands.map(async ({ name, summary, load }) => ({ name, summary, options: (await load()).options })),
  );
  return [
    ...programs.map(({ name, summary }) => ({ name, summary, options: {}, words: [] })),
    ...listed.map((row) => ({ ...row, words: row.name === "completion" ? [...SHELLS.keys()] : [] })),
    { name: "help", summary: "print the help of a command", options: {}, words: names },
  ];
}
