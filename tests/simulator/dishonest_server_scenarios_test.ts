/** What a server cannot do: read, change, forge or silently drop what others say; or give keys that nobody made. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/bytes.ts";
import { Identity, NO_SIGNATURE, SECRETS_BYTES } from "../../core/identity.ts";
import { CHANNEL, LETTER, NICK, RECEIPT, type ValueOf } from "../../core/records.ts";
import { cheapPrimitives as primitives } from "../core/cheap_primitives.ts";
import type { Person } from "./process.ts";
import { scenario, type World } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const MAIL = "SERVER: [You have messages]";
const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";

type Kind = typeof LETTER | typeof CHANNEL | typeof RECEIPT | typeof NICK;

/** Whoever runs the server stops it, writes something else into its records of a kind, and starts it again. */
function tampers<K extends Kind>(
  { server }: World,
  kind: K,
  change: (record: ValueOf<K>, at: number) => ValueOf<K> | undefined,
): void {
  server.isKilled();
  const records = [...server.disk.read()].filter(([key]) => kind.matches(key));
  for (const [at, [key, value]] of records.entries()) {
    const record = kind.decode(value) as ValueOf<K> | typeof MALFORMED;
    assert(record !== MALFORMED);
    const changed = change(record, at);
    server.disk.commit([
      changed === undefined ? { type: "forget", key } : { type: "save", key, value: encoded(kind, changed) },
    ]);
  }
  server.starts();
}

function encoded<K extends Kind>(kind: K, record: ValueOf<K>): Uint8Array {
  const encode: (record: ValueOf<K>) => Uint8Array = kind.encode.bind(kind);
  return encode(record);
}

/** With one bit of the last byte before the seal or signature changed. */
function damaged(body: Uint8Array): Uint8Array {
  const other = body.slice();
  other[other.length - 100]! ^= 1;
  return other;
}

/** Somebody who is away while this is said, and has his screen empty when he is back at a server that was tampered with. */
function whileAway(world: World, person: Person, say: () => void, tamper: () => void): void {
  person.types(`dereg ${person.nick}`);
  world.runs(200);
  say();
  world.runs(200);
  tamper();
  // Until everybody has noticed that the server is a new one.
  world.runs(35_000);
  world.everybodyLooks();
  person.types(`reg ${person.nick}`);
  world.runs(1000);
}

// ---- letters ---------------------------------------------------------------------------------------------

scenario("a letter that the server changed is not shown, and comes as it was written", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  whileAway(
    world,
    bob,
    () => alice.types("send bob hi"),
    () => tampers(world, LETTER, (letter) => ({ ...letter, body: damaged(letter.body) })),
  );
  assertEquals(bob.looks().slice(-3), [MAIL, UNREADABLE, "alice: hi"]);
  assertEquals(alice.looks().at(-1), "[Message received by bob.]");
});

scenario("a letter that the server gives to somebody else says nothing to him, nor in another name", (world) => {
  for (const other of [{ to: "carol" }, { from: "carol" }]) {
    const { alice, bob, carol } = world.clients("alice", "bob", "carol");
    const [reader] = other.to === undefined ? [bob] : [carol];
    whileAway(
      world,
      reader,
      () => {
        bob.types("dereg bob");
        world.runs(100);
        alice.types("send bob between us");
      },
      () => tampers(world, LETTER, (letter) => ({ ...letter, ...other })),
    );
    const name = other.from ?? "alice";
    const line = `[A message from ${name} cannot be opened, it will be sealed again.]`;
    assertEquals(reader.looks().slice(-2), [MAIL, line]);
    assertEquals([reader.keeps("inbox"), alice.keeps("outbox")], [0, 1]);
    alice.sees();
    return;
  }
});
