/** Completions of a shell, made from the registry: commands, their options, and the values of those. */
import type { Completion, Option } from "./_options.ts";
import type { Command, Commands } from "./_registry.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

export function completionsFor(shell: Shell, commands: Commands): string[] {
  return { bash, zsh, fish }[shell](commands.at("shell"));
}

/** It says nothing where no client runs. A nick has no character that means something to a shell. */
const KNOWN_NICKS = "parley known-nicks 2>/dev/null";

/** Both forms of an option, as they are typed. */
function formsOf({ name, short }: Option): string[] {
  return [`--${name}`, ...short === undefined ? [] : [`-${short}`]];
}

function namesOf(commands: readonly Command[]): string {
  return commands.map(({ name }) => name).join(" ");
}

/** For a POSIX shell: a text in which nothing has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bash(commands: readonly Command[]): string[] {
  const offer = (completion: Completion | undefined): string => {
    if (completion === undefined) return "return";
    if (completion === "commands") return `words=${quoted(namesOf(commands))}`;
    if (completion === "nicks") return `words=$(${KNOWN_NICKS})`;
    if (completion === "files") return "compopt -o default 2>/dev/null; return";
    if (completion === "folders") return "compopt -o dirnames 2>/dev/null; return";
    return `words=${quoted(completion.join(" "))}`;
  };
  const withValue = commands.flatMap(({ name, options = [] }) =>
    options.filter(({ value }) => value !== undefined).map((option) => {
      const forms = formsOf(option).map((form) => `${name}:${form}`);
      return `    ${forms.join(" | ")}) ${offer(option.completes)} ;;`;
    })
  );
  return [
    "# Completions of parley for bash: source <(parley completions bash)",
    "_parley() {",
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=",
    "  # The shell takes '--name=value' for three words.",
    "  if [[ $current == '=' ]]; then current=",
    "  elif [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi",
    "  COMPREPLY=()",
    "  if ((COMP_CWORD == 1)); then previous=; fi",
    '  case "${COMP_WORDS[1]}:$previous" in',
    ...withValue,
    "  esac",
    "  if ((COMP_CWORD == 1)); then",
    `    words=${quoted(namesOf(commands))}`,
    '  elif [[ -z $words ]]; then case "${COMP_WORDS[1]}:$current" in',
    ...commands.flatMap(({ name, options = [], completes }) => [
      `    ${name}:-*) words=${quoted(options.flatMap(formsOf).join(" "))} ;;`,
      `    ${name}:*) ${offer(completes)} ;;`,
    ]),
    "  esac; fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -F _parley parley",
  ];
}

function zsh(commands: readonly Command[]): string[] {
  const action = (completion: Completion): string => {
    if (completion === "commands") return `(${namesOf(commands)})`;
    if (completion === "nicks") return `{compadd -- $(${KNOWN_NICKS})}`;
    if (completion === "files") return "_files";
    if (completion === "folders") return "_files -/";
    return `(${completion.join(" ")})`;
  };
  const spec = ({ name, short, value, help, completes }: Option): string => {
    const mark = value === undefined ? ["", ""] : ["+", "="];
    const rest = `[${help.replace(/[[\]\\]/g, "\\$&")}]` +
      (value === undefined ? "" : `:${value}:${completes === undefined ? "" : action(completes)}`);
    if (short === undefined) return quoted(`--${name}${mark[1]}${rest}`);
    return `'(-${short} --${name})'{-${short}${mark[0]},--${name}${mark[1]}}${quoted(rest)}`;
  };
  return [
    "#compdef parley",
    "# Completions of parley for zsh: source <(parley completions zsh), or a file '_parley' in $fpath",
    "_parley() {",
    "  local -a commands=(",
    ...commands.map(({ name, help }) => `    ${quoted(`${name}:${help.replaceAll(":", "\\:")}`)}`),
    "  )",
    "  if ((CURRENT == 2)); then",
    "    _describe -t commands command commands",
    "    return",
    "  fi",
    "  local command=$words[2]",
    "  shift words",
    "  ((CURRENT--))",
    "  case $command in",
    ...commands.filter(({ options, completes }) => options !== undefined || completes !== undefined)
      .flatMap(({ name, options = [], completes }) => [
        `    ${name})`,
        `      ${
          [
            "_arguments -S",
            ...options.map(spec),
            ...completes === undefined ? [] : [quoted(`*:argument:${action(completes)}`)],
          ].join(" \\\n        ")
        }`,
        "      ;;",
      ]),
    "  esac",
    "}",
    "if [[ $funcstack[1] == _parley ]]; then _parley; else compdef _parley parley; fi",
  ].flatMap((line) => line.split("\n"));
}

function fish(commands: readonly Command[]): string[] {
  const text = (words: string) => `'${words.replace(/['\\]/g, "\\$&")}'`;
  const offer = (completion: Completion | undefined): string => {
    if (completion === undefined) return "-x";
    if (completion === "files") return "-r -F";
    if (completion === "folders") return "-x -a '(__fish_complete_directories)'";
    if (completion === "nicks") return `-x -a '(${KNOWN_NICKS})'`;
    return `-x -a ${text(completion === "commands" ? namesOf(commands) : completion.join(" "))}`;
  };
  const option = ({ name, short, value, help, completes }: Option): string =>
    [
      ...short === undefined ? [] : [`-s ${short}`],
      `-l ${name}`,
      ...value === undefined ? [] : [offer(completes)],
      `-d ${text(help)}`,
    ].join(" ");
  return [
    "# Completions of parley for fish: parley completions fish | source",
    "function __parley_begins",
    "    set -l words (commandline -opc)",
    '    test "$words[2]" = "$argv[1]"',
    "end",
    "complete -c parley -f",
    ...commands.flatMap(({ name, help, options = [], completes }) => [
      `complete -c parley -n '__parley_begins ""' -a ${name} -d ${text(help)}`,
      ...options.map((one) => `complete -c parley -n '__parley_begins ${name}' ${option(one)}`),
      ...completes === undefined
        ? []
        : [`complete -c parley -n '__parley_begins ${name}' ${offer(completes).replace(/^-[rx] /, "")}`],
    ]),
  ];
}
