/** Options that say how the client looks on a terminal. */
import type { ViewSettings } from "../programs/prompt.ts";
import { oneOf, type Option, type Options } from "./_options.ts";

/** The values in a setting of an option that takes none. */
const IS_SWITCH = oneOf(["true", "false"]);

const PRESENCES = ["line", "table"] as const;
const NOTIFICATIONS = ["9", "99", "777"] as const satisfies readonly ViewSettings["notify"][];

export const VIEW_OPTIONS: readonly Option[] = [
  {
    name: "plain",
    help: "only ever append lines, in words and without colours, as screen readers want it",
    setting: "plain",
    check: IS_SWITCH,
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
    check: IS_SWITCH,
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
];

export function readViewSettings({ notify, plain, presence, times }: Options): ViewSettings {
  return {
    isPlain: plain === "true",
    tellsChanges: presence === "line",
    hasTimes: times === "true",
    notify: NOTIFICATIONS.find((each) => each === notify),
  };
}
