/**
 * Text for a terminal. Text that somebody else wrote is made harmless once, where it becomes a line of output
 * (`core/notice.ts`); see docs/security.md, "who writes text".
 */
import { COMBINING_MARKS } from "./limits.ts";

/**
 * Matches either a whole emoji as Unicode lists it (group 1), with the joiners and selectors inside it, or
 * one character that is not on the allow-list. Allowed are characters that show as themselves and do nothing
 * else: letters, marks, numbers, punctuation, symbols, and spaces that take room. So control characters (C0,
 * DEL, C1), lone surrogates, bidi controls, zero-width, private-use and unassigned characters are matched.
 */
const EMOJI_OR_OTHER =
  /(\p{RGI_Emoji})|[[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gv;

/** As many combining marks as may stand on one letter (group 1), and those that are too many. */
const MARKS = new RegExp(`(\\p{M}{${COMBINING_MARKS}})\\p{M}+`, "gu");

/**
 * Makes one line harmless: a character that is not allowed becomes a visible tag such as `<U+202E>`, a tab
 * becomes two spaces, and combining marks beyond `COMBINING_MARKS` are dropped.
 */
export function harmless(text: string): string {
  return text.replaceAll("\t", "  ").replace(EMOJI_OR_OTHER, (found, emoji?: string) => emoji ?? tag(found))
    .replace(MARKS, "$1");
}

function tag(character: string): string {
  return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** A character with its marks, or a whole emoji. */
const CHARACTER = /\p{RGI_Emoji}|\P{M}\p{M}*/gv;

/** Characters that take two columns: emoji, the scripts of East Asia, and forms of full width. */
const WIDE = /^(?:\p{RGI_Emoji}|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\u3000-\u303f\uff01-\uff60])/v;

/** More UTF-16 code units than a column has: a letter with its marks, or half an emoji. */
const UNITS_PER_COLUMN = 16;

/**
 * The first words of a text, harmless and on one line, in at most so many columns. "…" stands for the rest;
 * only a first word that has no room itself is cut.
 */
export function firstWords(text: string, columns: number): string {
  const line = text.trim().replace(/\s+/g, " ");
  const start = line.slice(0, columns * UNITS_PER_COLUMN);
  const characters = [...harmless(start).matchAll(CHARACTER)].map(([character]) => character);
  let [used, fitting] = [0, 0];
  for (const character of characters) {
    used += WIDE.test(character) ? 2 : 1;
    // One column is for the "…".
    if (used < columns) fitting++;
  }
  if (used <= columns && start === line) return characters.join("");
  const lastSpace = characters.lastIndexOf(" ", fitting);
  return `${characters.slice(0, lastSpace > 0 ? lastSpace : fitting).join("")}…`;
}

/**
 * Date and time as `2022-03-22 21:35:12.521000`. `instant` is in milliseconds and already shifted by the
 * reader's offset from UTC: core may not use `Date`, which knows the machine's time zone.
 */
export function dateAndTime(instant: number): string {
  const day = Math.floor(instant / 86_400_000);
  let rest = Math.floor(instant - day * 86_400_000);
  const take = (unit: number) => {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    return count;
  };
  const [hours, minutes, seconds] = [take(3_600_000), take(60_000), take(1000)];
  return `${civilDate(day)} ${pad(hours)}:${pad(minutes)}:${pad(seconds)}.${pad(rest, 3)}000`;
}

/**
 * Year, month and day of a day counted from 1970-01-01. The algorithm is `civil_from_days` of Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that a leap day is a year's last
 * day.
 */
function civilDate(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  return `${yearOfEra + era * 400 + (month <= 2 ? 1 : 0)}-${pad(month)}-${pad(date)}`;
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}
