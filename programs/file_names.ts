/** Names of files for the Tab key. */

/** Nobody chooses from more. */
const LIMIT_NAMES = 500;

/** The paths that go on like this one, folders with a slash behind them. */
export function filesLike(begin: string): string[] {
  const cut = begin.lastIndexOf("/") + 1;
  const [folder, start] = [begin.slice(0, cut), begin.slice(cut)];
  const home = Deno.env.get("HOME") ?? "";
  const paths: string[] = [];
  try {
    for (const { isDirectory, name } of Deno.readDirSync(folder.replace(/^~\//, `${home}/`))) {
      const isHidden = name.startsWith(".") && !start.startsWith(".");
      // A blank would end the word, and a name may hold what is no text.
      if (isHidden || !name.startsWith(start) || /[\s\p{C}]/u.test(name)) continue;
      paths.push(folder + name + (isDirectory ? "/" : ""));
      if (paths.length === LIMIT_NAMES) break;
    }
  } catch {
    // There is no such folder, or it is not ours to read.
  }
  return paths.sort();
}
