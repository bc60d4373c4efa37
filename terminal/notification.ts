/**
 * The sequences by which a terminal shows a notification. It is pure.
 * @module
 */

/** The number of the OSC: 9 of iTerm2 and many others, 99 of kitty, 777 of rxvt. */
export type Notification = "9" | "99" | "777";

/** A sequence that shows a text, which holds printable characters alone. Inside tmux it is handed through. */
export function notification(how: Notification, text: string, isInTmux: boolean): string {
  const sequence = `\x1b]${bodyOf(how, text)}\x1b\\`;
  return isInTmux ? `\x1bPtmux;${sequence.replaceAll("\x1b", "\x1b\x1b")}\x1b\\` : sequence;
}

function bodyOf(how: Notification, text: string): string {
  switch (how) {
    case "9":
      return `9;${text}`;
    case "99":
      return `99;;${text}`;
    case "777":
      // A semicolon would end the text.
      return `777;notify;parley;${text.replaceAll(";", ",")}`;
  }
}
