/**
 * Addresses of the web in a line become links of the terminal (OSC 8). The text stays as it was written, and
 * the link leads nowhere else. It is pure.
 * @module
 */

const ADDRESS = /https?:\/\/[^\s<>"`{}|\\^]+/gi;

/** These end a sentence, and no address. */
const END_OF_SENTENCE = /[.,;:!?'*_~]+$/;

/** Terminals drop longer links (VTE, 2083 bytes). */
const LONGEST_LINK = 2_000;

/** Makes links of the addresses in a line that is harmless. */
export function linked(line: string): string {
  return line.replaceAll(ADDRESS, (found) => {
    const address = withoutStrayBracket(found.replace(END_OF_SENTENCE, ""));
    const target = targetOf(address);
    if (target === undefined) return found;
    return `\x1b]8;;${target}\x1b\\${address}\x1b]8;;\x1b\\${found.slice(address.length)}`;
  });
}

/** A bracket belongs to the sentence around the address unless it was opened within. */
function withoutStrayBracket(address: string): string {
  const last = address.at(-1);
  const opening = last === ")" ? "(" : last === "]" ? "[" : undefined;
  const count = (sign: string) => address.split(sign).length;
  if (last === undefined || opening === undefined || count(opening) >= count(last)) return address;
  return address.slice(0, -1).replace(END_OF_SENTENCE, "");
}

/** The same in the characters that a link may have. Names in other letters are written as resolvers do. */
function targetOf(address: string): string | undefined {
  const url = URL.parse(address);
  const isSafe = url !== null && url.href.length <= LONGEST_LINK && /^[\x21-\x7e]+$/.test(url.href);
  return isSafe ? url.href : undefined;
}
