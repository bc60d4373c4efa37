/** The path of a running program's socket: in a folder that is its user's alone, under a short name. */
import { utf8Length } from "../core/base/bytes.ts";
import { primitives } from "../core/base/crypto.ts";
import { SOCKET_PATH_BYTES } from "../core/base/limits.ts";
import { NetworkError } from "./udp.ts";

/** Nobody but its owner may enter: that keeps others from the sockets, whatever mode those have. */
const FOLDER_MODE = 0o700;
const MODE_BITS = 0o777;

/** The part of the environment that the folder's place depends on: `Deno.env` is one. */
export interface Environment {
  get(name: string): string | undefined;
}

/**
 * The folder of this user's sockets, which is made if it is not there: `$XDG_RUNTIME_DIR/parley` (XDG base
 * directory specification), or `parley-UID` in the system's folder for temporary files `tmp`, where others
 * may have made one before. Throws a `NetworkError` unless it is this user's alone.
 */
export function socketFolder(env: Environment, tmp: string): string {
  const uid = Deno.uid();
  if (uid === null) {
    throw new NetworkError("cannot use a Unix socket: this does not work on Windows yet, use Linux or macOS");
  }
  const runtime = env.get("XDG_RUNTIME_DIR") ?? "";
  const folder = runtime.startsWith("/") ? `${runtime}/parley` : `${tmp}/parley-${uid}`;
  try {
    makeFolder(folder);
    if (isOf(uid, folder)) return folder;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NetworkError(`cannot make the folder '${folder}': ${reason}, check 'XDG_RUNTIME_DIR'`, {
      cause: error,
    });
  }
  throw new NetworkError(
    `cannot use the folder '${folder}': it is not a folder of mode 0700 that is yours, remove it`,
  );
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { mode: FOLDER_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** True if the folder is this user's alone. A symbolic link of somebody else is no folder here. */
function isOf(uid: number, folder: string): boolean {
  const { isDirectory, uid: owner, mode } = Deno.lstatSync(folder);
  return isDirectory && owner === uid && ((mode ?? 0) & MODE_BITS) === FOLDER_MODE;
}

/**
 * The name of the socket of whoever holds the file or folder at `path`, the same by whatever way that leads
 * there: 16 hexadecimal digits of the hash of the real path, which itself may be too long for a socket.
 */
export function socketName(path: string): string {
  return hashedName(Deno.realPathSync(path));
}

/** The name of the socket of a program that holds nothing but a port. */
export function socketNameOfPort(port: number): string {
  return hashedName(`port ${port}`);
}

/** The path of a socket. Throws a `NetworkError` if it is too long for one. */
export function socketPath(folder: string, name: string): string {
  const path = `${folder}/${name}`;
  const length = utf8Length(path);
  if (length <= SOCKET_PATH_BYTES) return path;
  throw new NetworkError(
    `cannot use the socket '${path}': its path has ${length} bytes, at most ${SOCKET_PATH_BYTES} work, set 'XDG_RUNTIME_DIR' to a shorter one`,
  );
}

function hashedName(text: string): string {
  return `${primitives.hash(new TextEncoder().encode(text)).toHex().slice(0, 16)}.sock`;
}
