/** Text that somebody else wrote, made harmless for a terminal, once, where it becomes a line of output. */
import { COMBINING_MARKS } from "./limits.ts";

/**
 * An emoji as Unicode lists it, with the joiners and selectors inside it; or a character that is not on the list of
 * those that show as themselves and nothing else: letters, marks, numbers, punctuation, symbols and spaces that take
 * room. Not on it are C0, DEL, C1, lone surrogates, bidi controls, zero-width characters, private and unassigned ones.
 */
const EMOJI_OR_OTHER =
  /(\p{RGI_Emoji})|[[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gv;

const MARKS = new RegExp(`(\\p{M}{${COMBINING_MARKS}})\\p{M}+`, "gu");

/** One line: what is not on the list becomes visible tags such as `<U+202E>`, a tab two spaces. */
export function harmless(text: string): string {
  return text.replaceAll("\t", "  ").replace(EMOJI_OR_OTHER, (found, emoji?: string) => emoji ?? tag(found))
    .replace(MARKS, "$1");
}

function tag(character: string): string {
  return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** The civil date of an instant that is already shifted to the reader's zone: `2022-03-22 21:35:12.521000`. */
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

/** Days since 1970-01-01 to year-month-day; years begin in March, so that leap days come last. */
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
