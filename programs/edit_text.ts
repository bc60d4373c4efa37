/** Lets the user change a text in the editor of their choice, which has the terminal meanwhile. */

/** A shell would start it, too. */
const USUAL_EDITOR = "vi";

/** Resolves with the text as it was saved, or `undefined` after a sentence that says why there is none. */
export async function editText(text: string, complain: (line: string) => void): Promise<string | undefined> {
  const words = (Deno.env.get("VISUAL") || Deno.env.get("EDITOR") || USUAL_EDITOR).trim().split(/\s+/);
  const [command = USUAL_EDITOR, ...args] = words;
  const { state } = await Deno.permissions.request({ name: "run", command });
  if (state !== "granted") {
    complain(`[The editor '${command}' may not be run: start the client with '--allow-run=${command}'.]`);
    return undefined;
  }
  // Nobody else may read it.
  const path = await Deno.makeTempFile({ prefix: "parley-", suffix: ".txt" });
  try {
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    const editor = new Deno.Command(command, { args: [...args, path], stdin: "inherit" }).spawn();
    const { code } = await editor.status;
    if (code === 0) return (await Deno.readTextFile(path)).replace(/\n$/, "");
    complain(`[The editor '${command}' has ended with status ${code}, the text is as it was.]`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    complain(`[The editor '${command}' cannot be run, set EDITOR to another one: ${why}]`);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
  return undefined;
}
