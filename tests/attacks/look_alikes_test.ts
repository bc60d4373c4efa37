/** Attacks by nicks that look like those of others. */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "./arena.ts";

/** With a Cyrillic letter in front, which nobody sees. */
const FAKE = "\u0430nna";

Deno.test("attack: register a nick that looks like another: everybody is told, with both keys, and it is marked", () => {
  const arena = new Arena();
  const { alice, anna } = arena.clients("alice", "anna");
  alice.verifies("anna");
  arena.everybodyLooks();
  const fake = arena.client(FAKE);
  fake.starts();
  arena.runs(1000);
  fake.looks();
  const keys =
    `The key of the new one is ${fake.identity.publicKey}, that of 'anna' is ${anna.identity.publicKey}.`;
  const told = `[The new nickname '${FAKE}' looks like 'anna', and is somebody else's. ${keys}]`;
  const table = arena.table(alice.online, anna.online, `${fake.online} (looks like anna)`);
  alice.sees(told, ...table);
  anna.sees(told, ...table);
  fake.types("send alice give me the password");
  arena.runs(1000);
  fake.types("send_all and you");
  arena.runs(1000);
  alice.sees(
    `${FAKE} (looks like anna): give me the password`,
    `[Channel_Message ${FAKE} (looks like anna): and you]`,
  );
  alice.types("peers");
  assertEquals(alice.looks().slice(2), [`${anna.online} (verified)`, `${fake.online} (looks like anna)`]);
});

Deno.test("attack: the same, while the victim is away: it is marked when she comes", () => {
  const arena = new Arena();
  const { alice, anna } = arena.clients("alice", "anna");
  alice.types("quit");
  arena.runs(200);
  const fake = arena.client(FAKE);
  fake.starts();
  arena.runs(1000);
  fake.types("send alice hi");
  arena.runs(1000);
  alice.looks();
  alice.isAttended = false;
  alice.starts();
  arena.runs(1000);
  assert(alice.looks().includes(`${fake.online} (looks like anna)`));
  alice.isKilled();
  alice.isAttended = true;
  alice.starts();
  const [, , title, line] = alice.looks();
  assertEquals([title, line?.replace(/\d{4}-.{21}/, "DATE")], [
    "[While you were away]",
    `${FAKE} (looks like anna): DATE hi`,
  ]);
  assert(anna.isAlive);
});

Deno.test("attack: write one's nick with other letters later, so that it looks like another: told then", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "EVE");
  // Small letters of Greek, whose capitals are those of EVE to the eye.
  const fake = arena.client("\u03b5v\u03b5");
  fake.starts();
  arena.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("looks like")), []);
  const again = arena.client("\u0395V\u0395", { identity: fake.identity });
  again.starts();
  arena.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("looks like 'EVE'")).length, 1);
});

Deno.test("a look-alike that is verified is a friend: no mark", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "anna");
  const friend = arena.client(FAKE);
  friend.starts();
  arena.runs(1000);
  alice.verifies(FAKE);
  alice.looks();
  friend.types("send alice hi");
  arena.runs(1000);
  alice.sees(`${FAKE}: hi`);
});
