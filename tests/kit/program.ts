/** Our program as tests and benchmarks start it: where it is, what it may do, and folders of its own. */
import { fileURLToPath } from "node:url";
import { withoutSettings } from "../../programs/settings.ts";

/** The folder of the project. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The permissions that the tasks in deno.json give to server and client. */
export const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

/**
 * The environment of the tests, but for the user's folders and settings. Deno finds what it has loaded before
 * where that always is.
 */
export function environment(folder: string): Record<string, string> {
  return {
    ...withoutSettings(`${folder}/config`),
    DENO_DIR: Deno.env.get("DENO_DIR") ??
      `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`,
    HOME: folder,
    TMPDIR: folder,
    // Without it sockets are below TMPDIR.
    XDG_RUNTIME_DIR: "",
    XDG_STATE_HOME: `${folder}/state`,
    XDG_DATA_HOME: `${folder}/data`,
    SHELL: "/bin/sh",
    TERM: "xterm-256color",
    NO_COLOR: "",
  };
}
