/** A folder for the files of a run. */

const folder = Deno.makeTempDirSync({ prefix: "parley-bench-" });
let files = 0;

/** The path of a file that is not there yet. */
export function freshFile(): string {
  return `${folder}/${++files}.db`;
}

export function removeFiles(): void {
  Deno.removeSync(folder, { recursive: true });
}
