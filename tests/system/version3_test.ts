/**
 * A server and clients start with what version 3 left. What depends on how old it is, such as mail, is tried
 * on virtual time in `tests/storage/version3_test.ts`.
 */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { PROJECT } from "../kit/program.ts";
import { Host } from "./host.ts";

const FILES = `${PROJECT}/tests/storage/version3`;
const FILES_PORT = 23_997;
const SERVER_KEY = "71751a7db143c6e43c422e0c7309fd40ffe8415c6fe4617e320ba375a996765c";

/** A copy of a state folder, as if its server had always been at this port. */
async function stateOf(host: Host, nick: string): Promise<string> {
  const folder = `${host.folder}/${nick}`;
  await Deno.mkdir(folder, { mode: 0o700 });
  for (const name of ["identity", "state.db"]) {
    await Deno.copyFile(`${FILES}/${nick}/${name}`, `${folder}/${name}`);
    await Deno.chmod(`${folder}/${name}`, 0o600);
  }
  const known = await Deno.readTextFile(`${FILES}/${nick}/known_servers`);
  await Deno.writeTextFile(`${folder}/known_servers`, known.replace(`${FILES_PORT}`, `${host.port}`), {
    mode: 0o600,
  });
  const database = new DatabaseSync(`${folder}/state.db`);
  const own = database.prepare("SELECT value FROM records WHERE key = 'identity/own'").get()!;
  const value = own.value as Uint8Array;
  // Behind the nick, the address family and four bytes of address.
  new DataView(value.buffer, value.byteOffset).setUint16(1 + value[0]! + 1 + 4, host.port);
  database.prepare("UPDATE records SET value = ? WHERE key = 'identity/own'").run(value);
  database.close();
  return folder;
}

Deno.test("a server and a client of version 4 go on with the files of version 3", async () => {
  await using host = await Host.create();
  await Deno.copyFile(`${FILES}/server.db`, `${host.folder}/server.db`);
  await Deno.chmod(`${host.folder}/server.db`, 0o600);
  const server = await host.startServer();
  await server.error.sees(new RegExp(` its key is ${SERVER_KEY}\n`));
  const folder = await stateOf(host, "bob");
  const bob = host.client("bob", ["--state", folder]);
  await bob.sees("carol: not shown yet");
  await bob.sees("SERVER: [Welcome, you are registered.]");
  await bob.sees(/^carol @ .* is OFFLINE$/m);
  // The nick is bound to its identity of version 3.
  const thief = host.client("alice", ["--state", `${host.folder}/thief`]);
  await thief.sees("[Nickname 'alice' belongs to another key.]");
  assertEquals(await thief.status, 1);
  await bob.endInput();
  assertEquals(await bob.status, 0, bob.error.text);
  for (const file of [`${host.folder}/server.db`, `${folder}/state.db`]) {
    assert((await Deno.stat(`${file}.v3`)).size > 0);
  }
});
