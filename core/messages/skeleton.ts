/**
 * Skeletons, by which texts that look alike are found: they do when their skeletons are equal (Unicode
 * Technical Standard 39, section 4). A skeleton is for comparing, not for showing.
 */
import { CONFUSABLES } from "./confusables.ts";

const PROTOTYPES = new Map<string, string>(
  CONFUSABLES.flatMap(([prototype, lookAlikes]) => [...lookAlikes].map((one) => [one, prototype] as const)),
);

/** The skeleton of a text. It is of NFKC, as nicks are compared. */
export function skeletonOf(text: string): string {
  const parts = [...text.normalize("NFKC").normalize("NFD")].map((one) => PROTOTYPES.get(one) ?? one);
  return parts.join("").normalize("NFD");
}

/**
 * The skeleton of a text whose case does not matter. The first skeleton is of the letters as they are
 * written, because a capital may look like another letter than its small form (U+0395); the second one is of
 * what they look like in small letters. A capital I looks like an l, so an i counts as one.
 */
export function caselessSkeletonOf(text: string): string {
  return skeletonOf(skeletonOf(text).toLowerCase()).replaceAll("i", "l");
}
