/** What a server cannot do: change, forge or silently drop what others say, or give keys that nobody made. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED, type Malformed } from "../../core/base/bytes.ts";
import { CHANNEL, LETTER, NICK, RECEIPT, receiptKey } from "../../core/durable/records.ts";
import { Identity, NO_KEY, OUTCOMES, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Person } from "../kit/person.ts";
import { ID } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const MAIL = "SERVER: [You have messages]";
const FORGED = (nick: string) =>
  `[A channel message under the name of ${nick} is not signed by ${nick}, it is not shown.]`;
const UNREADABLE = (nick: string) => `[A message from ${nick} cannot be opened, it will be sealed again.]`;

interface RecordKind<Value> {
  matches(key: string): boolean;
  decode(value: Uint8Array): Value | Malformed;
  encode(values: Value): Uint8Array;
}

/**
 * Whoever runs the server stops it, writes something else into its records of a kind, and starts it again.
 */
function tampers<Value>(
  { server }: World,
  kind: RecordKind<Value>,
  change: (record: Value, at: number) => Value | undefined,
): void {
  server.isKilled();
  const records = [...server.disk.read()].filter(([key]) => kind.matches(key));
  assert(records.length > 0);
  for (const [at, [key, value]] of records.entries()) {
    const record = kind.decode(value);
    assert(record !== MALFORMED);
    const changed = change(record as Value, at);
    server.disk.commit([
      changed === undefined ? { type: "forget", key } : { type: "save", key, value: kind.encode(changed) },
    ]);
  }
  server.starts();
}

/** Comes back when everybody has noticed that the server is a new one. */
function comesBack(world: World, person: Person): void {
  world.runs(35_000);
  world.everybodyLooks();
  person.types(`reg ${person.nick}`);
  world.runs(1000);
}

/** What a message says is the same bytes here: nothing is sealed. */
function withOtherText(body: Uint8Array): Uint8Array {
  const [from, to] = ["yes", "nay"].map((text) => new TextEncoder().encode(text).toHex());
  return Uint8Array.fromHex(body.toHex().replace(from!, to!));
}

// ---- letters ---------------------------------------------------------------------------------------------

scenario("a letter that the server changed is not shown, and comes as it was written", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob yes");
  world.runs(200);
  tampers(world, LETTER, (letter) => ({ ...letter, body: withOtherText(letter.body) }));
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-3), [MAIL, UNREADABLE("alice"), "alice: yes"]);
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter"), world.server.keeps("receipt")], [
    0,
    0,
    0,
  ]);
});

scenario("a letter that it gives to somebody else says nothing to him", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  bob.types("dereg bob");
  carol.types("dereg carol");
  world.runs(200);
  alice.types("send bob between us");
  world.runs(200);
  tampers(world, LETTER, (letter) => ({ ...letter, to: "carol" }));
  comesBack(world, carol);
  assertEquals(carol.looks().slice(-2), [MAIL, UNREADABLE("alice")]);
  assertEquals([carol.keeps("inbox"), alice.keeps("outbox")], [0, 1]);
});

scenario("nor is one shown under the name of somebody who did not write it", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob lend me a thousand");
  world.runs(200);
  tampers(world, LETTER, (letter) => ({ ...letter, from: "carol" }));
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-2), [MAIL, UNREADABLE("carol")]);
  assertEquals(bob.keeps("inbox"), 0);
  assertEquals(carol.looks().filter((line) => line.startsWith("[Message")), []);
});

scenario("nor one that names somebody's identity beside a key that is not his", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob yes");
  world.runs(200);
  const mallory = new Speaker(world, "mallory");
  const sender = { ...mallory.bundle("alice"), identity: alice.identity.publicKey };
  const recipient = world.server.bundleOf("bob");
  const body = mallory.letter({ from: "alice", to: "bob", text: "x", recipient, sender });
  tampers(world, LETTER, (letter) => ({ ...letter, id: ID, body }));
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-2), [MAIL, UNREADABLE("alice")]);
  assertEquals(bob.keeps("inbox"), 0);
});

scenario("a letter that it hands over again and again is shown once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const written = alice.types("send bob hi");
  world.runs(200);
  const kept = [...world.server.disk.read()].filter(([key]) => LETTER.matches(key));
  for (let count = 0; count < 3; count++) {
    bob.looks();
    bob.types("reg bob");
    world.runs(1000);
    const letters = bob.looks().filter((line) => line.endsWith(" hi"));
    assertEquals(letters, count === 0 ? [`alice: ${written} hi`] : []);
    bob.types("dereg bob");
    world.runs(200);
    world.server.isKilled();
    world.server.disk.commit(kept.map(([key, value]) => ({ type: "save", key, value })));
    world.server.starts();
    world.runs(35_000);
  }
});

// ---- receipts --------------------------------------------------------------------------------------------

scenario("it cannot say that a message was read", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob hi");
  world.runs(200);
  alice.types("quit");
  world.runs(200);
  const about = {
    from: "alice",
    to: "bob",
    at: world.schedule.now,
    edition: 0,
    outcome: "read",
    ephemeral: NO_KEY,
  } as const;
  const [id = ""] = alice.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  world.server.isKilled();
  const letters = world.server.disk.keys().filter((key) => LETTER.matches(key));
  world.server.disk.commit([
    ...letters.map((key) => ({ type: "forget", key }) as const),
    {
      type: "save",
      key: receiptKey(about.from, id),
      value: RECEIPT.encode({ ...about, proof: "5a".repeat(64) }),
    },
  ]);
  world.server.starts();
  alice.starts();
  world.runs(5000);
  assertEquals(alice.looks().filter((line) => line.includes("collected")), []);
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("nor say something else of it than its recipient has", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob yes");
  world.runs(200);
  alice.types("quit");
  world.runs(200);
  tampers(world, LETTER, (letter) => ({ ...letter, body: withOtherText(letter.body) }));
  comesBack(world, bob);
  assert(bob.hasSeen(UNREADABLE("alice")));
  tampers(world, RECEIPT, (receipt) => ({ ...receipt, outcome: OUTCOMES[0]! }));
  alice.starts();
  world.runs(5000);
  assertEquals(alice.looks().filter((line) => line.includes("collected")), []);
  assertEquals(alice.keeps("outbox"), 1);
});

// ---- the channel -----------------------------------------------------------------------------------------

/** bob is away while alice says so much in the channel. */
function saysToAll(world: World, ...texts: string[]): { alice: Person; bob: Person; dates: string[] } {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send_all hello");
  world.runs(200);
  bob.types("dereg bob");
  world.runs(200);
  const dates = texts.map((text) => {
    const date = alice.types(`send_all ${text}`);
    world.runs(200);
    return date;
  });
  return { alice, bob, dates };
}

scenario("a channel message that it changed is not shown", (world) => {
  const { bob } = saysToAll(world, "yes");
  tampers(world, CHANNEL, (post) => ({ ...post, body: withOtherText(post.body) }));
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-2), [MAIL, FORGED("alice")]);
});

scenario("nor one under the name of somebody who did not write it", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send_all hi");
  world.runs(200);
  tampers(world, CHANNEL, (post) => ({ ...post, from: "carol" }));
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-2), [MAIL, FORGED("carol")]);
  assertEquals(carol.looks().filter((line) => line.includes("hi")), []);
});

scenario("one that it leaves out is missed", (world) => {
  const { bob, dates: [one, , three] } = saysToAll(world, "one", "two", "three");
  tampers(world, CHANNEL, (post, at) => at === 2 ? undefined : post);
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-4), [
    MAIL,
    `[Channel_Message alice: ${one} one]`,
    "[1 channel message from alice is missing.]",
    `[Channel_Message alice: ${three} three]`,
  ]);
});

scenario("of two that it exchanges the first is shown as late", (world) => {
  const { bob, dates: [one, two] } = saysToAll(world, "one", "two");
  const posts: { id: string; body: Uint8Array }[] = [];
  tampers(world, CHANNEL, (post) => {
    posts.push(post);
    return post;
  });
  tampers(world, CHANNEL, (post, at) => at === 0 ? post : { ...post, ...pick(posts[3 - at]!) });
  comesBack(world, bob);
  assertEquals(bob.looks().slice(-4), [
    MAIL,
    "[1 channel message from alice is missing.]",
    `[Channel_Message alice: ${two} two]`,
    `[Channel_Message alice: ${one} one]`,
  ]);
});

function pick({ id, body }: { id: string; body: Uint8Array }): { id: string; body: Uint8Array } {
  return { id, body };
}

// ---- keys ------------------------------------------------------------------------------------------------

scenario("keys that their holder did not sign are not used, and it is said", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const other = new Identity(primitives, world.dice.bytes(SECRETS_BYTES));
  tampers(world, NICK, (record) => {
    if (record.nick !== "bob") return record;
    return { ...record, bundle: { ...record.bundle, prekey: other.keyPair.publicKey.toHex() } };
  });
  bob.isKilled();
  world.runs(35_000);
  const told = alice.looks();
  assert(told.includes("[The server gives keys for bob that bob did not sign, they are not used.]"));
  // What she writes is sealed with the keys that she had of him, and he opens it.
  alice.types("send bob hi");
  world.runs(1000);
  bob.starts();
  world.runs(5000);
  assertEquals(bob.looks().filter((line) => / hi$|opened/.test(line)).map((line) => line.endsWith(" hi")), [
    true,
  ]);
});

scenario("keys of somebody else for a nick that one knows stop the sending", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob hi");
  world.runs(200);
  bob.types("quit");
  world.runs(200);
  world.everybodyLooks();
  const other = new Identity(primitives, world.dice.bytes(SECRETS_BYTES));
  const bundle = other.bundle("bob", other.keyPair.publicKey.toHex(), 0, 1);
  tampers(world, NICK, (record) => record.nick === "bob" ? { ...record, bundle } : record);
  world.runs(35_000);
  const warning = "[bob has another key than the pinned one: somebody else may have the nick. " +
    "Nothing is sent to bob until you say 'trust bob'.]";
  assertEquals(alice.looks().at(-1), warning);
  alice.types("send bob a secret");
  alice.sees(warning);
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter")], [0, 0]);
  const carol = world.client("carol");
  carol.starts();
  carol.looks();
  world.runs(200);
  carol.sees(WELCOME, ...world.table(alice.online, bob.offline, carol.online));
});
