/** Options that say how the client looks on a terminal. */
import type { ViewSettings } from "../programs/prompt.ts";
import { oneOf, type Option, type Options } from "./_options.ts";

/** What a setting says of an option that takes no value. */
const IS_SWITCH = oneOf(["true", "false"]);

const NOTIFICATIONS = ["9", "99", "777"] as const satisfies readonly ViewSettings["notify"][];

export const VIEW_OPTIONS: readonly Option[] = [
  {
    name: "plain",
    help: "only ever append lines, in words and without colours, as screen readers want it",
    setting: "plain",
    check: IS_SWITCH,
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

export function readViewSettings({ notify, plain, times }: Options): ViewSettings {
  return {
    isPlain: plain === "true",
    hasTimes: times === "true",
    notify: NOTIFICATIONS.find((each) => each === notify),
  };
}
