/**
 * `deno task compile [--target T]`: a task appends its arguments at the end of the command, where `deno
 * compile` would take them for the program's own. Here they stand where they belong.
 */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--allow-ffi",
];

const { success } = await new Deno.Command(Deno.execPath(), {
  args: [
    "compile",
    "--no-check",
    ...PERMISSIONS,
    "--include",
    "commands",
    "--output",
    "parley",
    ...Deno.args,
    "main.ts",
  ],
  stdout: "inherit",
  stderr: "inherit",
}).output();
Deno.exit(success ? 0 : 1);
