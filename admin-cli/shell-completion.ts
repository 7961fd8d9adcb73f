import type { Option, Options } from "./arguments.ts";

/** One word after the program's name, and what may follow it. */
export interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: Options;
  /** Its arguments, where these are words of ours. Elsewhere the shell offers files. */
  readonly words: readonly string[];
}

/** The names of the program. */
const NAMES = ["edgecache", "admin-cli"];

/** The script for each shell. */
export const SHELLS: ReadonlyMap<string, (commands: readonly Completed[]) => string> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);

function bash(commands: readonly Completed[]): string {
  const cases = commands.map((command) => {
    const words = [...command.words, ...Object.keys(command.options).map((name) => `--${name}`)];
    return `    ${command.name}) words=${quoted(words.join(" "))} ;;\n`;
  });
  const values = commands.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { value }]) =>
      isChoice(value)
        ? [`    ${quoted(`${name} --${option}`)}) words=${quoted(choices(value).join(" "))} ;;\n`]
        : [],
    ),
  );
  return [
    "# Completion of bash for edgecache. Made by: edgecache completion bash\n",
    "_edgecache() {\n",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own.
    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= each\n",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own.
    '  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do\n',
    "    case $each in -*) ;; *) command=$each; break ;; esac\n",
    "  done\n",
    "  case $command in\n",
    `    "") words=${quoted(commands.map(({ name }) => name).join(" "))} ;;\n`,
    ...cases,
    "  esac\n",
    '  case "$command $before" in\n',
    ...values,
    "  esac\n",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))\n',
    "}\n",
    `complete -o default -F _edgecache ${NAMES.join(" ")}\n`,
  ].join("");
}

function zsh(commands: readonly Completed[]): string {
  const described = (name: string, help: string) => quoted(`${name}:${help}`);
  const cases = commands.map(({ name, options, words }) => {
    const all = Object.entries(options).map(([option, { help }]) => described(`--${option}`, help));
    return `    ${name}) options=(${all.join(" ")}) arguments=(${words.map(quoted).join(" ")}) ;;\n`;
  });
  return [
    `#compdef ${NAMES.join(" ")}\n`,
    "# Completion of zsh for edgecache. Made by: edgecache completion zsh\n",
    "_edgecache() {\n",
    "  local -a commands options arguments\n",
    `  commands=(${commands.map(({ name, summary }) => described(name, summary)).join(" ")})\n`,
    "  if (( CURRENT == 2 )); then\n",
    "    _describe command commands\n",
    "    return\n",
    "  fi\n",
    "  case $words[2] in\n",
    ...cases,
    "  esac\n",
    "  if [[ $words[CURRENT] == -* ]]; then\n",
    "    _describe option options\n",
    "  elif (( $#arguments )); then\n",
    "    _describe argument arguments\n",
    "  else\n",
    "    _files\n",
    "  fi\n",
    "}\n",
    // A file of fpath is the body of a function; a script that is sourced has to tell what it defines.
    'if [[ $funcstack[1] == _edgecache ]]; then _edgecache "$@"; else compdef _edgecache ' +
      `${NAMES.join(" ")}; fi\n`,
  ].join("");
}

function fish(commands: readonly Completed[]): string {
  const lines = NAMES.flatMap((program) =>
    commands.flatMap(({ name, summary, options, words }) => {
      const within = `complete -c ${program} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
      return [
        `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}\n`,
        ...(words.length === 0 ? [] : [`${within} -f -a ${quoted(words.join(" "))}\n`]),
        ...Object.entries(options).map(
          ([option, row]) => `${within} -l ${option}${fishValue(row)} -d ${quoted(row.help)}\n`,
        ),
      ];
    }),
  );
  return `# Completion of fish for edgecache. Made by: edgecache completion fish\n${lines.join("")}`;
}

function fishValue({ type, value }: Option): string {
  if (type === "boolean") return "";
  return isChoice(value) ? ` -x -a ${quoted(choices(value).join(" "))}` : " -r";
}

/** A placeholder such as edge|router|start says all values that there are. */
function isChoice(value: string | undefined): value is string {
  return value !== undefined && /^[a-z-]+(\|[a-z-]+)+$/.test(value);
}

function choices(value: string): string[] {
  return value.split("|");
}

/** POSIX 2.2.2: nothing is special between single quotes. In fish a backslash may be, and no help has one. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
