/** How a message looks on a screen: the sender's colour, links, the time. It is pure. */
import type { Key, Millis } from "../core/base/units.ts";
import { dateAndTime } from "../core/base/text.ts";
import type { Nick } from "../core/messages/nick.ts";
import { linked } from "../terminal/links.ts";
import { COLOUR_ENDS } from "../terminal/palette.ts";
import type { Look } from "../terminal/terminal.ts";

/** The lines of a message of somebody else, as `render` makes them. */
export function dressed(
  lines: readonly string[],
  from: Nick,
  identity: Key | undefined,
  look: Look,
): string[] {
  const [first = "", ...further] = lines;
  const at = first.indexOf(from);
  const colour = identity === undefined ? undefined : look.colourOf(identity);
  const end = at + from.length;
  const name = colour === undefined ? from : colour + from + COLOUR_ENDS;
  const link = (text: string) => look.hasLinks ? linked(text) : text;
  return [first.slice(0, at) + name + link(first.slice(end)), ...further.map(link)];
}

/** Days and times of the lines that are shown, by a clock that is shifted by the reader's offset from UTC. */
export class TimeStamps {
  #day: string | undefined;

  /** The time of day to stand before a line that is shown now. */
  timeOf(local: Millis): string {
    return dateAndTime(local).slice("2022-03-22 ".length, "2022-03-22 21:35".length);
  }

  /** The day, if it is another one than when a line was shown last. */
  newDay(local: Millis): string | undefined {
    const day = dateAndTime(local).slice(0, "2022-03-22".length);
    const isNew = this.#day !== undefined && this.#day !== day;
    this.#day = day;
    return isNew ? day : undefined;
  }
}
