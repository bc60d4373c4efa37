/** Which of the names the user may have meant. */

/** A name with more letters to change than this is not suggested. */
const FARTHEST = 2;

/** The nearest one, unless all are too far. */
export function nearestTo(word: string, names: readonly string[]): string | undefined {
  const near = names.map((name) => ({ name, far: distance(word, name) })).filter(({ far }) =>
    far <= FARTHEST
  );
  return near.sort((a, b) => a.far - b.far)[0]?.name;
}

/** The Levenshtein distance: how many letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
