/** A successor of an identity in a file, and the statement that revokes an identity. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { primitives } from "../../core/base/crypto.ts";
import { Identity } from "../../core/messages/identity.ts";
import { isLineage, revocationOf } from "../../core/messages/lineage.ts";
import { openIdentity, succeedIdentity, type SuccessionOptions } from "../../storage/identity_file.ts";
import { keepStatement, openStatement } from "../../storage/statement_file.ts";
import { StoreError } from "../../storage/store_error.ts";
import {
  filesBeside,
  KNOWN,
  KNOWN_TEXT,
  nobody,
  secretsOf,
  textOf,
  user,
  withFile,
  write,
} from "./identity_scene.ts";

async function opened(path: string, ask = nobody): Promise<Identity> {
  const { secrets, predecessors, close } = await openIdentity({ path, mayMake: false, protects: false, ask });
  close();
  return new Identity(primitives, secrets, predecessors);
}

function succeed(path: string, options: Partial<SuccessionOptions> = {}): Promise<void> {
  return succeedIdentity({
    nick: "bob",
    from: path,
    to: path,
    protects: false,
    ask: nobody,
    before: () => {},
    ...options,
  });
}

function isSuccessor(identity: Identity, count: number): void {
  const { predecessors } = identity;
  assertEquals(predecessors.length, count);
  assertEquals(isLineage(primitives, "bob", identity.publicKey, { predecessors, revocation: [] }), true);
}

Deno.test(
  "a successor takes the file of its identity, which is kept beside it",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await succeed(path);
    assertEquals(filesBeside(path), ["identity", "identity.old"]);
    assertEquals(Deno.readTextFileSync(`${path}.old`), KNOWN_TEXT);
    if (Deno.build.os !== "windows") {
      for (const file of [path, `${path}.old`]) assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);
    }
    const successor = await opened(path);
    isSuccessor(successor, 1);
    assertEquals(successor.predecessors[0]?.identity, new Identity(primitives, KNOWN).publicKey);
  }),
);

Deno.test(
  "a successor has a successor, up to three, and the first file is one of none",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    for (const count of [1, 2, 3]) {
      await succeed(path);
      isSuccessor(await opened(path), count);
    }
    const text = Deno.readTextFileSync(path);
    const { message } = await assertRejects(() => succeed(path), StoreError);
    assertEquals(
      message,
      `cannot make a successor of '${path}': a nick has at most 3 of them, see docs/security.md`,
    );
    assertEquals(Deno.readTextFileSync(path), text);
  }),
);

Deno.test(
  "a copy elsewhere is enough, and stays as it is",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    const to = `${dirname(path)}/new/identity`;
    await succeed(path, { to });
    assertEquals(filesBeside(to), ["identity"]);
    assertEquals(Deno.readTextFileSync(path), KNOWN_TEXT);
    isSuccessor(await opened(to), 1);
  }),
);

Deno.test(
  "the successor of an identity with a passphrase has one, and keeps its predecessors when it gets one later",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await succeed(path, { protects: true, ask: user("one", "one").ask });
    isSuccessor(await opened(path, user("one").ask), 1);
    await succeed(path, { ask: user("one", "two", "two").ask });
    isSuccessor(await opened(path, user("two").ask), 2);
    // Now without one, and then with one.
    write(path, KNOWN_TEXT);
    await succeed(path);
    const { publicKey } = await opened(path);
    await secretsOf(path, { protects: true, ask: user("a", "a").ask });
    const sealed = await opened(path, user("a").ask);
    isSuccessor(sealed, 1);
    assertEquals(sealed.publicKey, publicKey);
  }),
);

Deno.test(
  "an identity that is in use gets no successor",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    const held = await openIdentity({ path, mayMake: false, protects: false, ask: nobody });
    await assertRejects(() => succeed(path), StoreError, "in use");
    held.close();
    assertEquals(filesBeside(path), ["identity"]);
  }),
);

// ---- the statement ---------------------------------------------------------------------------------------

const ABOUT = { nick: "bob", server: { host: "localhost", port: 9999 }, serverKey: "5e".repeat(32) };
const STATEMENT = { ...ABOUT, ...revocationOf(new Identity(primitives, KNOWN), "bob") };

Deno.test(
  "a statement is written once, for its owner's eyes, and anew when it would say something else",
  withFile((path) => {
    write(path, textOf(KNOWN));
    const file = `${dirname(path)}/revocation`;
    keepStatement(file, STATEMENT);
    assertEquals(openStatement(file), STATEMENT);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);
    const noted = `${Deno.readTextFileSync(file)}\nprinted on Monday\n`;
    Deno.writeTextFileSync(file, noted);
    keepStatement(file, STATEMENT);
    assertEquals(Deno.readTextFileSync(file), noted);
    const moved = { ...STATEMENT, server: { host: "elsewhere", port: 1 } };
    keepStatement(file, moved);
    assertEquals(openStatement(file), moved);
    const other = { ...ABOUT, ...revocationOf(new Identity(primitives, KNOWN.toReversed()), "bob") };
    keepStatement(file, other);
    assertEquals(openStatement(file), other);
    assertEquals(filesBeside(path), ["identity", "revocation"]);
    return Promise.resolve();
  }),
);

Deno.test(
  "a file without a statement, and one that is missing, are named",
  withFile((path) => {
    write(path, textOf(KNOWN));
    const missing = `${dirname(path)}/nothing`;
    assertEquals(
      assertThrows(() => openStatement(missing), StoreError).message,
      `cannot read the revocation '${missing}': there is no such file`,
    );
    assertThrows(() => openStatement(path), StoreError, "compare it with the print");
    return Promise.resolve();
  }),
);
