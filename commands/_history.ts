/** The options and queries that 'history', 'search' and 'export' have in common. */
import { NICK_BYTES } from "../core/base/limits.ts";
import { NEWEST } from "../core/history.ts";
import type { HistoryQuery } from "../core/machine.ts";
import { isNick } from "../core/messages/nick.ts";
import { SCRIPT_OPTIONS } from "./_script_options.ts";
import { HISTORY } from "./_shared_options.ts";
import { numberOption, type Option, OptionError, type Options, wholeNumber } from "./_options.ts";

/** How many messages are shown unless the user says so. */
const USUAL = 50;

export const COUNT: Option = {
  name: "number",
  short: "n",
  value: "N",
  help: "so many messages at most",
  otherwise: `${USUAL}`,
  check: wholeNumber({ least: 1, most: 100_000 }),
};

export const BEFORE: Option = {
  name: "before",
  value: "TIME",
  help: "only what came before it: a date such as 2026-11-27, or 2026-11-27T09:30",
  check: (text) =>
    timeOf(text) === undefined ? `'${text}' is not a date, such as 2026-11-27T09:30` : undefined,
};

export const FROM: Option = {
  name: "from",
  value: "NICK",
  help: "only what NICK wrote, who may be yourself",
  completes: "nicks",
  check: (text) => isNick(text) ? undefined : `'${text}' cannot be a nick: at most ${NICK_BYTES} bytes`,
};

export const ALL: Option = { name: "all", help: "all conversations" };

/**
 * Where the history is. How much is kept there is not for whoever looks something up, and `-n` is a number at
 * the prompt and in a shell alike.
 */
export const PLACE_OPTIONS: readonly Option[] = SCRIPT_OPTIONS.filter((option) => !HISTORY.includes(option))
  .map(({ short, ...option }) =>
    short === COUNT.short || short === undefined ? option : { ...option, short }
  );

/** The messages that 'history' shows. */
export function conversation([nick]: readonly string[], options: Options): HistoryQuery {
  const isAll = options.all !== undefined;
  if (isAll && nick !== undefined) {
    throw new OptionError(`'${nick}' and '--all' are both given, leave one out`);
  }
  return {
    ...NEWEST,
    peer: isAll ? undefined : nick ?? null,
    before: options.before === undefined ? undefined : timeOf(options.before),
    count: numberOption(options, "number", USUAL),
  };
}

/** The messages that 'search' finds. */
export function sought(words: readonly string[], options: Options): HistoryQuery {
  return {
    ...NEWEST,
    words: words.join(" "),
    from: options.from,
    count: numberOption(options, "number", USUAL),
  };
}

/** The instant of a date in the reader's time zone, or with an offset of its own. */
function timeOf(text: string): number | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!isDay && !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return undefined;
  const time = new Date(isDay ? `${text}T00:00` : text).getTime();
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

/** Holds options at the prompt against their checks, as a shell does. */
export function checkAll(table: readonly Option[], options: Options): Options {
  for (const { name, check } of table) {
    const value = options[name];
    const wrong = value === undefined ? undefined : check?.(value);
    if (wrong !== undefined) throw new OptionError(wrong);
  }
  return options;
}
