/** A folder for the files of a run. */

const folder = Deno.makeTempDirSync({ prefix: "parley-bench-" });
let files = 0;

/** The path of a file that is not there yet. */
export function freshFile(): string {
  return `${folder}/${++files}.db`;
}

/** The path of a folder that was just made. */
export function freshFolder(): string {
  return Deno.makeTempDirSync({ dir: folder });
}

export function removeFiles(): void {
  Deno.removeSync(folder, { recursive: true });
}
