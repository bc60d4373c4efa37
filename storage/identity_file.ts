/**
 * The file that holds a client's identity: its two secret keys, in clear or sealed by a passphrase.
 *
 *     parley identity                      parley identity, scrypt SALT
 *     SECRETS (128 digits)                 SEALED (160 digits)
 *
 * SECRETS are the Ed25519 key and the X25519 key, 32 bytes each, in hexadecimal digits. SALT is 32
 * hexadecimal digits. Behind them stands a line for each identity whose successor this one is, oldest first,
 * with the signatures of both (core/messages/lineage.ts):
 *
 *     succeeds IDENTITY SIGNATURE CONSENT
 *
 * The secrets are sealed by ChaCha20-Poly1305 with nonce 0 and the first line as
 * associated data. The key is scrypt(passphrase in NFKC, salt, N = 2^17, r = 8, p = 1), RFC 7914.
 * docs/security.md says what this protects from.
 */
import { scryptSync } from "node:crypto";
import { dirname } from "node:path";
import { primitives } from "../core/base/crypto.ts";
import { SUCCESSIONS } from "../core/base/limits.ts";
import { Identity, type Predecessor, SECRETS_BYTES } from "../core/messages/identity.ts";
import { successionOf } from "../core/messages/lineage.ts";
import type { Nick } from "../core/messages/nick.ts";
import { exists, refuseReadable, replaceable } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

const SUCCEEDS = /^succeeds ([0-9a-f]{64}) ([0-9a-f]{128}) ([0-9a-f]{128})\n/gm;
const LINES = `((?:${SUCCEEDS.source.slice(1)}){0,${SUCCESSIONS}})$`;
const PLAIN = new RegExp(`^parley identity\\n([0-9a-f]{128})\\n${LINES}`);
const SEALED = new RegExp(`^(parley identity, scrypt ([0-9a-f]{32}))\\n([0-9a-f]{160})\\n${LINES}`);

/** No valid file is longer, so no more is read. */
const MOST_BYTES = 2048;

/** How often and how far apart a lock is tried; `lock` says why. */
const LOCK_ATTEMPTS = 5;
const LOCK_PAUSE_MS = 50;

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** The parameters that OWASP recommends for scrypt: a guess takes 128 MiB and about half a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

/** Says which identity to open, and how. */
export interface IdentityOptions {
  readonly path: string;
  /** True if an identity is to be made where there is none. */
  readonly mayMake: boolean;
  /** True if an identity without a passphrase is to get one. */
  readonly protects: boolean;
  /** Asks the user for a passphrase, without echo. */
  ask(question: string): Promise<string> | string;
}

/** An identity that no other process can open until it is closed. */
export interface OpenIdentity {
  /** 64 bytes: the Ed25519 key, then the X25519 key. */
  readonly secrets: Uint8Array;
  /** The identities whose successor it is, oldest first. */
  readonly predecessors: readonly Predecessor[];
  /** True if there was none, and it was made. */
  readonly isNew: boolean;
  /** True if it has a passphrase. */
  readonly isProtected: boolean;
  close(): void;
}

/** Opens an identity, or makes one. Throws a `StoreError`, for instance if another process uses it. */
export async function openIdentity({ path, mayMake, protects, ask }: IdentityOptions): Promise<OpenIdentity> {
  using locks = new DisposableStack();
  const text = await read(path, locks);
  if (text === undefined && !mayMake) {
    throw new StoreError(
      `cannot read the identity '${path}': there is no such file, put it back from a copy`,
    );
  }
  const secrets = text === undefined ? newSecrets() : await secretsIn(path, text, ask);
  const predecessors = predecessorsIn(text ?? "");
  if (protects && !SEALED.test(text ?? "")) {
    const sealed = textOf(secrets, predecessors, await askForNew(ask));
    using old = text === undefined ? undefined : openForWiping(path);
    write(path, sealed, locks);
    if (old !== undefined) wipe(path, old);
  } else if (text === undefined) write(path, textOf(secrets, predecessors), locks);
  const held = locks.move();
  const isProtected = protects || SEALED.test(text ?? "");
  return { secrets, predecessors, isNew: text === undefined, isProtected, close: () => held.dispose() };
}

/** Says which identity gets a successor, and where that is to be. */
export interface SuccessionOptions extends Pick<IdentityOptions, "protects" | "ask"> {
  readonly nick: Nick;
  /** The file of the identity that gets a successor. */
  readonly from: string;
  /** The file of the successor. An identity that is there already is kept as `PATH.old`. */
  readonly to: string;
  /** Is called before the successor is in its file. */
  before(old: Protectable, successor: Protectable): void;
}

/** An identity, and whether it has a passphrase. */
export type Protectable = Pick<OpenIdentity, "secrets" | "isProtected">;

/**
 * Makes a new identity that the old one has signed to be its successor. It has a passphrase if the old one
 * has. Throws a `StoreError`.
 */
export async function succeedIdentity(
  { before, nick, from, to, protects, ask }: SuccessionOptions,
): Promise<void> {
  using locks = new DisposableStack();
  const old = await openIdentity({ path: from, mayMake: false, protects: false, ask });
  locks.defer(old.close);
  if (old.predecessors.length >= SUCCESSIONS) {
    throw new StoreError(
      `cannot make a successor of '${from}': a nick has at most ${SUCCESSIONS} of them, see docs/security.md`,
    );
  }
  const secrets = newSecrets();
  const former = new Identity(primitives, old.secrets);
  const predecessors = [
    ...old.predecessors,
    successionOf(former, new Identity(primitives, secrets), nick),
  ];
  const isProtected = protects || old.isProtected;
  const text = textOf(secrets, predecessors, isProtected ? await askForNew(ask) : undefined);
  before(old, { secrets, isProtected });
  if (exists(to)) Deno.copyFileSync(to, `${to}.old`);
  write(to, text, locks);
}

/** Whether the text of a file is an identity, and is it sealed by a passphrase; `undefined` if it is none. */
export function protectionOf(text: string): "clear" | "sealed" | undefined {
  if (PLAIN.test(text)) return "clear";
  return SEALED.test(text) ? "sealed" : undefined;
}

function newSecrets(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(SECRETS_BYTES));
}

function predecessorsIn(text: string): Predecessor[] {
  return [...text.matchAll(SUCCEEDS)].map(([, identity = "", signature = "", consent = ""]) => ({
    identity,
    signature,
    consent,
  }));
}

/** The text of a file. */
function textOf(secrets: Uint8Array, predecessors: readonly Predecessor[], passphrase?: string): string {
  const lines = predecessors.map(({ identity, signature, consent }) =>
    `succeeds ${identity} ${signature} ${consent}\n`
  );
  return (passphrase === undefined ? plain(secrets) : seal(secrets, passphrase)) + lines.join("");
}

/** Reads the secrets from the text of a file, and asks for the passphrase if they are sealed. */
async function secretsIn(path: string, text: string, ask: IdentityOptions["ask"]): Promise<Uint8Array> {
  const [, digits] = PLAIN.exec(text) ?? [];
  if (digits !== undefined) return Uint8Array.fromHex(digits);
  const [, header, salt, sealed] = SEALED.exec(text) ?? [];
  if (header === undefined) {
    throw new StoreError(`cannot use the identity '${path}': it is damaged, put it back from a copy`);
  }
  const key = derive(await ask(`Passphrase of '${path}': `), Uint8Array.fromHex(salt!));
  const secrets = primitives.open(key, 0, new TextEncoder().encode(header), Uint8Array.fromHex(sealed!));
  if (secrets === undefined) {
    throw new StoreError(`cannot open the identity '${path}': the passphrase is wrong`);
  }
  return secrets;
}

async function askForNew(ask: IdentityOptions["ask"]): Promise<string> {
  const passphrase = await ask("New passphrase: ");
  if (passphrase === "") {
    throw new StoreError("cannot protect the identity: the passphrase is empty, choose one");
  }
  if (await ask("The same again: ") === passphrase) return passphrase;
  throw new StoreError("cannot protect the identity: the two passphrases differ, try again");
}

function plain(secrets: Uint8Array): string {
  return `parley identity\n${secrets.toHex()}\n`;
}

function seal(secrets: Uint8Array, passphrase: string): string {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const header = `parley identity, scrypt ${salt.toHex()}`;
  const sealed = primitives.seal(derive(passphrase, salt), 0, new TextEncoder().encode(header), secrets);
  return `${header}\n${sealed.toHex()}\n`;
}

/** Keyboards send different bytes for one accented letter. NFKC makes one passphrase of them. */
function derive(passphrase: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(scryptSync(passphrase.normalize("NFKC"), salt, KEY_BYTES, SCRYPT));
}

// ---- files -----------------------------------------------------------------------------------------------

/** Locks a file against other processes, and returns its text; `undefined` if there is no file. */
async function read(path: string, locks: DisposableStack): Promise<string | undefined> {
  try {
    const file = locks.use(await lock(path));
    refuseReadable(path);
    const bytes = new Uint8Array(MOST_BYTES);
    return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !exists(path)) return undefined;
    throw explain("read the identity", path, error);
  }
}

/**
 * Locks the file. Two processes with one identity would displace each other at the server, so the second is
 * refused. To protect an identity a new file takes the place of the old one, so a lock counts only on the
 * file that is at the path afterwards. A lock that a process has given up may be held for a moment by a child
 * that it is just starting, since a forked child shares it (flock(2)); so the lock is tried several times.
 */
async function lock(path: string): Promise<Deno.FsFile> {
  for (let refused = 0; refused < LOCK_ATTEMPTS;) {
    const file = Deno.openSync(path, { read: true });
    const isOurs = file.tryLockSync(true);
    if (isOurs && file.statSync().ino === Deno.statSync(path).ino) return file;
    file.close();
    if (isOurs) continue;
    refused++;
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
  }
  throw new StoreError(`cannot use the identity '${path}': it is in use by another process, stop that one`);
}

function openForWiping(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    throw explain("protect the identity", path, error);
  }
}

/** Overwrites the old file, whose secrets are in clear. It has no name any more, but its blocks are there. */
function wipe(path: string, old: Deno.FsFile): void {
  try {
    const { size } = old.statSync();
    for (let left = size; left > 0;) left -= old.writeSync(new Uint8Array(left));
    old.syncSync();
  } catch (error) {
    throw explain("overwrite the old blocks of the identity", path, error);
  }
}

/**
 * Puts a new file in the place of the old one, and locks it. The file is complete and on the disk before it
 * gets the name, so no crash loses a key.
 */
function write(path: string, text: string, locks: DisposableStack): void {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const place = replaceable(path);
    const written = `${place}.${Deno.pid}`;
    // A crash may have left a file here, or somebody may have put a link here for us to write through.
    if (exists(written)) Deno.removeSync(written);
    const file = locks.use(Deno.openSync(written, { createNew: true, write: true, mode: 0o600 }));
    file.lockSync(true);
    file.writeSync(new TextEncoder().encode(text));
    file.syncSync();
    Deno.renameSync(written, place);
    // The new name has to be on the disk as well. (Windows opens no folders.)
    if (Deno.build.os === "windows") return;
    using entries = Deno.openSync(dirname(place), { read: true });
    entries.syncSync();
  } catch (error) {
    throw explain("make the identity", path, error);
  }
}
