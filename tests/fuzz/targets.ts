import { DECODERS } from "./decoders.ts";
import { LETTER_TARGETS } from "./letters.ts";
import { LINKS_TARGET } from "./links.ts";
import { MACHINES } from "./machines.ts";
import { PARCELS } from "./parcels.ts";
import { STRANGERS } from "./strangers.ts";
import type { Target } from "./target.ts";

export const TARGETS: readonly Target[] = [
  ...DECODERS,
  ...LETTER_TARGETS,
  ...PARCELS,
  LINKS_TARGET,
  ...MACHINES,
  ...STRANGERS,
];
