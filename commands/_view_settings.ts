/** Options that say how the client looks on a terminal. */
import type { ViewSettings } from "../programs/prompt.ts";
import { oneOf, type Option, type Options } from "./_options.ts";

export const VIEW_OPTIONS: readonly Option[] = [
  {
    name: "plain",
    help: "only ever append lines, in words and without colours, as screen readers want it",
    setting: "plain",
    check: oneOf(["true", "false"]),
  },
];

export function readViewSettings({ plain }: Options): ViewSettings {
  return { isPlain: plain === "true" };
}
