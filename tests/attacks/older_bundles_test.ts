/**
 * Attacks with bundles that were true once: their prekeys may be stolen, so the newest one counts, and no
 * other.
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { PREKEY_MS } from "../../core/base/limits.ts";
import type { Change } from "../../core/machine.ts";
import { type Bundle, bundleOf, isGenuine, noBundle } from "../../core/messages/identity.ts";
import { decodeLetter, prekeyId } from "../../core/messages/letter_form.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import { HostileServer, last } from "../kit/hostile_server.ts";
import type { Person } from "../kit/person.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

/** A day later everybody is there again, with a new prekey. Returns what the server had before. */
function aDayLater(arena: Arena, bundleNow: () => Bundle): Bundle {
  const old = bundleNow();
  const { people } = arena;
  for (const person of people) person.isKilled();
  arena.runs(PREKEY_MS);
  for (const person of people) person.registers();
  arena.runs(1000);
  const bundle = bundleNow();
  assertNotEquals(bundle.prekey, old.prekey);
  assertEquals(bundle.counter, old.counter + 1);
  assertEquals(isGenuine(primitives, "bob", old), true);
  arena.everybodyLooks();
  return old;
}

function prekeyIn({ body }: VerbOf<"deposit">): string | false {
  const letter = decodeLetter(body);
  return letter !== MALFORMED && letter.prekeyId;
}

Deno.test("attack: a server goes back to an old bundle of somebody's: nobody who knows the newer one uses it", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  server.saysAway("bob");
  const old = aDayLater(arena, () => bundleOf(server.rowOf("bob")));
  const { prekey } = server.rowOf("bob");
  server.changesRow("bob", old);
  alice.sees();
  alice.writes("bob", "hi");
  arena.runs(100);
  assertEquals(prekeyIn(last(server.lettersFrom("alice"))), prekeyId(prekey));
  // What else the row says counts: bob is there, at another address.
  server.away.delete("bob");
  server.changesRow("bob", { ...old, addresses: [{ host: "10.9.9.9", port: 9 }] });
  alice.looks();
  alice.does({ type: "listPeers" });
  assertEquals(alice.looks().filter((line) => line.startsWith("bob @")), ["bob @ 10.9.9.9:9 is ONLINE"]);
});

Deno.test("attack: a server takes somebody's keys out of the table: who knows them uses them, others wait", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  server.saysAway("bob");
  const { identity, prekey } = server.rowOf("bob");
  server.changesRow("bob", noBundle(identity));
  alice.writes("bob", "hi");
  arena.runs(100);
  assertEquals(prekeyIn(last(server.lettersFrom("alice"))), prekeyId(prekey));
  const carol = arena.client("carol", { serverKey: arena.server.key });
  carol.registers();
  arena.runs(1000);
  carol.looks();
  carol.writes("bob", "hi");
  carol.sees("[bob has not been there since the change to version 4, the message waits until then.]");
  // Not even if it is said to be online, where she would write directly.
  server.away.delete("bob");
  server.changesRow("bob", { addresses: [{ host: "10.9.9.9", port: 9 }] });
  arena.runs(60_000);
  assertEquals([server.lettersFrom("carol"), carol.outbox.length], [[], 1]);
  assertEquals(arena.datagrams.filter(({ to }) => to.host === "10.9.9.9"), []);
});

Deno.test("attack: a server says that a client's bundle is an old one: only what the client has signed counts", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  const old = aDayLater(arena, () => bundleOf(server.rowOf("bob")));
  const bundle = bundleOf(server.rowOf("bob"));
  const registrations = () => server.heardOf("register").length;
  bob.does({ type: "deregister", nick: "bob" });
  server.tells(bob, { type: "deregistered", nick: "bob" });
  server.answers = false;
  bob.registers();
  arena.runs(100);
  const prekeys = bob.keeps("prekey");
  const before = registrations();
  const mallory = new Speaker(arena, "mal");
  const forged = [{ ...bundle, counter: 2 ** 48 - 1 }, { ...mallory.bundle("bob"), counter: 9 }];
  for (const newest of [old, bundle, ...forged]) {
    for (let count = 0; count < 20; count++) {
      server.tells(bob, { type: "olderBundle", nick: "bob", bundle: newest });
    }
  }
  assertEquals([bob.keeps("prekey"), registrations()], [prekeys, before]);
});

Deno.test("attack: register with a stolen old bundle, and with the key of the links alone: not admitted", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const old = aDayLater(arena, () => arena.server.bundleOf("bob"));
  const before = arena.server.bundleOf("bob");
  const thief = new Speaker(arena, "thief", { ownKey: bob.identity.keyPair });
  // The identity's own key is not his, so that he cannot sign a newer one.
  const signed = thief.author.identity.bundle("bob", thief.author.prekey.publicKey.toHex(), arena.now, 9);
  const newer = { ...signed, identity: old.identity, key: old.key };
  for (const bundle of [old, newer, { ...old, counter: 9 }]) thief.registers("bob", bundle);
  assertEquals(thief.heard, [{ type: "olderBundle", nick: "bob", bundle: before }]);
  assertEquals(arena.server.bundleOf("bob"), before);
  // He has cut bob off, as everybody can who has this key.
  arena.runs(60_000);
  arena.everybodyLooks();
  arena.theyTalk(alice, bob);
});

/** What is on somebody's disk, to be put onto another one. */
function copyOf({ disk }: Person): Change[] {
  return [...disk.read()].map(([key, value]) => ({ type: "save", key, value }));
}

Deno.test("a folder that was restored from an old copy has a newer bundle at once, and is written to", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const copy = copyOf(bob);
  aDayLater(arena, () => arena.server.bundleOf("bob"));
  arena.theyTalk(alice, bob);
  bob.pressesCtrlC();
  alice.looks();
  alice.writes("bob", "for the folder that is lost");
  arena.runs(1000);
  alice.looks();
  const restored = arena.client("bob", { identity: bob.identity, serverKey: arena.server.key });
  restored.disk.commit(copy);
  restored.registers();
  arena.runs(1000);
  const { counter, prekey } = arena.server.bundleOf("bob");
  assertEquals(counter, 3);
  assertEquals([...restored.disk.read()].filter(([key]) => key === `prekey/${prekey}`).length, 1);
  // The prekey of that letter is lost. Its sender hears so, and seals it anew.
  arena.runs(40_000);
  assertEquals(restored.looks().filter((line) => line.startsWith("alice:")), [
    "alice: for the folder that is lost",
  ]);
  arena.theyTalk(alice, restored);
});

Deno.test("two places of one identity, each with prekeys of its own: whoever has the nick is written to", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const other = arena.client("bob", { identity: bob.identity, serverKey: arena.server.key });
  const counters: number[] = [];
  for (const place of [other, bob, other]) {
    place.registers();
    arena.runs(31_000);
    counters.push(arena.server.bundleOf("bob").counter);
    alice.looks();
    place.looks();
    alice.writes("bob", "hi");
    // A place that has not seen what went to the other one waits 5 s for that.
    arena.runs(6000);
    alice.sees("[Message received by bob.]");
    assertEquals(place.looks().filter((line) => line.startsWith("alice:")), ["alice: hi"]);
  }
  assertEquals(counters, [2, 3, 4]);
});
