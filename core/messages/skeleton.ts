/**
 * Skeletons, by which nicks that look alike are found: two texts look alike when their skeletons are equal
 * (Unicode Technical Standard 39, section 4). A skeleton is for comparing, not for showing.
 */
import { SKELETON_BYTES } from "../base/limits.ts";
import { utf8Length } from "../base/bytes.ts";
import { CONFUSABLES } from "./confusables.ts";
import { type Nick, nickKey } from "./nick.ts";

const PROTOTYPES = new Map<string, string>(
  CONFUSABLES.flatMap(([prototype, lookAlikes]) => [...lookAlikes].map((one) => [one, prototype] as const)),
);

/** The skeleton of a text. It is of NFKC, as nicks are compared. */
export function skeletonOf(text: string): string {
  const parts = [...text.normalize("NFKC").normalize("NFD")].map((one) => PROTOTYPES.get(one) ?? one);
  return parts.join("").normalize("NFD");
}

/**
 * The skeleton of a nick in the form in which nicks are compared, so that its case does not matter. Of a very
 * long one the beginning counts.
 */
export function nickSkeleton(nick: Nick): string {
  let skeleton = "";
  for (const character of skeletonOf(nickKey(nick))) {
    if (utf8Length(skeleton + character) > SKELETON_BYTES) break;
    skeleton += character;
  }
  return skeleton;
}
