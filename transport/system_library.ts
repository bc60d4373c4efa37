/**
 * The system's own libraries, by way of FFI. Only a process with all permissions may call them, and the calls
 * are those of Linux; elsewhere the program goes on without.
 */

/** Opens a library; `undefined` where it may not or cannot be used. */
export function openSystemLibrary<Calls extends Deno.ForeignLibraryInterface>(
  name: string,
  calls: Calls,
): Deno.DynamicLibrary<Calls> | undefined {
  const isPermitted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (Deno.build.os !== "linux" || !isPermitted) return undefined;
  try {
    return Deno.dlopen(name, calls);
  } catch {
    return undefined;
  }
}
