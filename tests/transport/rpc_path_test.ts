import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SOCKET_PATH_BYTES } from "../../core/base/limits.ts";
import { type Environment, socketFolder, socketName, socketPath } from "../../transport/rpc_path.ts";
import { NetworkError } from "../../transport/udp.ts";

function withFolder(work: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    work(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function environment(runtime?: string): Environment {
  return { get: (name) => name === "XDG_RUNTIME_DIR" ? runtime : undefined };
}

function modeOf(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o777;
}

Deno.test("the folder of the sockets is in XDG_RUNTIME_DIR, and its user's alone", () =>
  withFolder((folder) => {
    const made = socketFolder(environment(folder), "/nowhere");
    assertEquals([made, modeOf(made)], [`${folder}/parley`, 0o700]);
    assertEquals(socketFolder(environment(folder), "/nowhere"), made);
  }));

Deno.test("without an absolute XDG_RUNTIME_DIR it is beside the temporary files, and has the user's number", () =>
  withFolder((folder) => {
    for (const runtime of [undefined, "", "relative"]) {
      const made = socketFolder(environment(runtime), folder);
      assertEquals([made, modeOf(made)], [`${folder}/parley-${Deno.uid()}`, 0o700]);
    }
  }));

Deno.test("a folder that others may enter, a file or a link in its place is refused", () =>
  withFolder((folder) => {
    const path = `${folder}/parley-${Deno.uid()}`;
    const isRefused = () =>
      assertThrows(
        () => socketFolder(environment(), folder),
        NetworkError,
        `cannot use the folder '${path}': it is not a folder of mode 0700 that is yours, remove it`,
      );
    Deno.mkdirSync(path);
    for (const mode of [0o755, 0o710, 0o1777, 0o500]) {
      Deno.chmodSync(path, mode);
      isRefused();
    }
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "", { mode: 0o700 });
    isRefused();
    Deno.removeSync(path);
    Deno.mkdirSync(`${folder}/elsewhere`, { mode: 0o700 });
    Deno.symlinkSync(`${folder}/elsewhere`, path);
    isRefused();
  }));

Deno.test({
  name: "a folder that another user has made is refused",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withFolder((folder) => {
      Deno.mkdirSync(`${folder}/parley-0`, { mode: 0o700 });
      Deno.chownSync(`${folder}/parley-0`, 65_534, 65_534);
      assertThrows(() => socketFolder(environment(), folder), NetworkError, "that is yours");
    }),
});

Deno.test("a folder that cannot be made is told", () => {
  assertThrows(() => socketFolder(environment("/nowhere"), "/tmp"), NetworkError, "cannot make the folder");
});

Deno.test("the name of a socket is short, and the same by whatever way its file is reached", () =>
  withFolder((folder) => {
    const [file, other, link] = ["data.db", "other.db", "link.db"].map((name) => `${folder}/${name}`);
    Deno.writeTextFileSync(file!, "");
    Deno.writeTextFileSync(other!, "");
    Deno.symlinkSync(file!, link!);
    assertMatch(socketName(file!), /^[0-9a-f]{16}\.sock$/);
    assertEquals(socketName(link!), socketName(file!));
    assertEquals(socketName(`${folder}/../${folder.split("/").at(-1)}/data.db`), socketName(file!));
    assertEquals(socketName(other!) === socketName(file!), false);
  }));

Deno.test("a path that is too long for a socket is refused, counted in bytes", () => {
  const name = "0123456789abcdef.sock";
  const room = SOCKET_PATH_BYTES - name.length - 1;
  const longest = `/${"x".repeat(room - 1)}`;
  assertEquals(socketPath(longest, name), `${longest}/${name}`);
  assertThrows(() => socketPath(`${longest}x`, name), NetworkError, "has 108 bytes, at most 107 work");
  assertThrows(() => socketPath(`/${"ü".repeat(room / 2 + 1)}`, name), NetworkError, "at most 107 work");
});

Deno.test("the bound is the system's", () =>
  withFolder((folder) => {
    const path = (length: number) => `${folder}/${"x".repeat(length - folder.length - 1)}`;
    Deno.listen({ transport: "unix", path: path(SOCKET_PATH_BYTES) }).close();
    assertThrows(() => Deno.listen({ transport: "unix", path: path(SOCKET_PATH_BYTES + 1) }), TypeError);
  }));
