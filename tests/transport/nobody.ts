/** A user of this machine who is not the one that runs the tests. */

const NOBODY = 65_534;

/** The runtime, where others may run it: it is not in the closed folder of a user. */
export const DENO_FOR_ALL = Deno.execPath().startsWith("/usr/") ? Deno.execPath() : undefined;

/** Runs a program of TypeScript as nobody, which only root may do. Returns what it says on standard error. */
export async function runAsNobody(code: string): Promise<string> {
  const cache = Deno.makeTempDirSync();
  try {
    Deno.chownSync(cache, NOBODY, NOBODY);
    const { stderr } = await new Deno.Command(DENO_FOR_ALL ?? "", {
      args: ["eval", "--no-config", code],
      cwd: "/",
      clearEnv: true,
      env: { DENO_DIR: cache, HOME: cache },
      uid: NOBODY,
      gid: NOBODY,
    }).output();
    return new TextDecoder().decode(stderr);
  } finally {
    Deno.removeSync(cache, { recursive: true });
  }
}
