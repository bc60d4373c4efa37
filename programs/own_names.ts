/** The names that a screen gives to the actions of its user. */
import type { Ref } from "../core/action.ts";
import type { World } from "./world.ts";

/** They begin so: no script can give such a name. */
const OWN = "_";
const BYTES = 16;

/** A new name; `kind` may tell it from others. */
export function newOwnName({ random }: World, kind = ""): Ref {
  return OWN + kind + random(BYTES).toHex();
}

/** True if a screen has given this name, if it has this kind. */
export function isOwnName(ref: Ref, kind = ""): boolean {
  return ref.startsWith(OWN + kind);
}
