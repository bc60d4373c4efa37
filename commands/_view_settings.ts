/** Options that say how the client looks on a terminal. */
import type { ViewSettings } from "../programs/prompt.ts";
import { checkSwitch, oneOf, type Option, OptionError, type Options } from "./_options.ts";

const PRESENCES = ["line", "table"] as const;
const NOTIFICATIONS = ["9", "99", "777"] as const satisfies readonly ViewSettings["notify"][];

export const VIEW_OPTIONS: readonly Option[] = [
  {
    name: "plain",
    help: "only ever append lines, in words and without colours, as screen readers want it",
    setting: "plain",
    check: checkSwitch,
  },
  {
    name: "presence",
    value: "HOW",
    help: "who comes and goes: table, as in 'peers', or line, one for each change",
    otherwise: "table, and line once 'talk' was used",
    setting: "presence",
    completes: PRESENCES,
    check: oneOf(PRESENCES),
  },
  {
    name: "times",
    help: "show the time before messages, and the day when it changes",
    setting: "times",
    check: checkSwitch,
  },
  {
    name: "notify",
    value: "OSC",
    help: "tell of direct messages and mentions while nobody looks: 9, 99 (kitty) or 777 (rxvt)",
    otherwise: "nothing is told",
    setting: "notify",
    completes: NOTIFICATIONS,
    check: oneOf(NOTIFICATIONS),
  },
  {
    name: "tui",
    help: "a full screen: conversations at the left, the open one beside them, F1 shows the keys",
    setting: "tui",
    check: checkSwitch,
  },
  {
    name: "mouse",
    help: "with '--tui': the wheel scrolls and a click opens a conversation, but selects no text",
    setting: "mouse",
    check: checkSwitch,
  },
];

export function readViewSettings({ mouse, notify, plain, presence, times, tui }: Options): ViewSettings {
  const isFull = tui === "true";
  if (isFull && plain === "true") {
    throw new OptionError("'--plain' and '--tui' are two ways to look, leave one out");
  }
  return {
    isPlain: plain === "true",
    tellsChanges: presence === "line",
    hasTimes: times === "true",
    notify: NOTIFICATIONS.find((each) => each === notify),
    isFull,
    takesMouse: mouse === "true",
  };
}
