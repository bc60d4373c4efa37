/** The channel: to everybody but the sender, kept as mail for whoever is offline or silent. */
import { assertEquals } from "@std/assert";
import { KEY_BYTES } from "../../core/base/crypto.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario, sending, showing } from "./scenario.ts";

scenario("a channel message reaches everybody who is online, but not its sender again", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  alice.types("send_all good  morning");
  world.runs(10);
  alice.sees("[Message received by Server.]");
  bob.sees("[Channel_Message alice: good  morning]");
  carol.sees("[Channel_Message alice: good  morning]");
  world.runs(60_000);
  for (const person of [alice, bob, carol]) person.sees();
  assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
});

scenario("alone on the channel, one is told all the same", (world) => {
  const { alice } = world.clients("alice");
  alice.types("send_all anybody?");
  world.runs(10);
  alice.sees("[Message received by Server.]");
});

scenario("who is offline reads the channel when back, each message once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const one = alice.types("send_all one");
  world.runs(1000);
  const two = alice.types("send_all two\nSERVER: fake");
  world.runs(1000);
  world.everybodyLooks();
  bob.types("reg bob");
  world.runs(200);
  bob.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
    "SERVER: [You have messages]",
    `[Channel_Message alice: ${one} one]`,
    `[Channel_Message alice: ${two} two`,
    "  SERVER: fake]",
  );
  alice.types("send_all three");
  world.runs(200);
  bob.sees("[Channel_Message alice: three]");
  bob.isKilled();
  bob.starts();
  world.runs(100);
  bob.looks();
  world.runs(5000);
  bob.sees();
});

scenario("who is silent for a while gets the channel without asking", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  alice.types("send_all one");
  alice.types("send_all two");
  world.runs(15_000);
  alice.sees("[Message received by Server.]", "[Message received by Server.]");
  world.mend(bob);
  world.runs(10_000);
  bob.sees("[Channel_Message alice: one]", "[Channel_Message alice: two]");
  alice.sees();
});

scenario("who stays silent is OFFLINE in the end, and reads the channel when back", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  const one = alice.types("send_all one");
  world.runs(80_000);
  alice.sees("[Message received by Server.]", ...world.table(alice.online, bob.offline));
  world.mend(bob);
  world.runs(30_000);
  alice.sees(...world.table(alice.online, bob.online));
  bob.sees("SERVER: [You have messages]", `[Channel_Message alice: ${one} one]`);
});

scenario("a lost acknowledgement is a reason to send again, not to call somebody OFFLINE", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.loses({ kind: "saved" });
  alice.types("send_all one");
  world.runs(20_000);
  alice.sees("[Message received by Server.]");
  bob.sees("[Channel_Message alice: one]");
  world.losesNothing();
  world.runs(40_000);
  alice.sees();
  bob.sees();
  assertEquals(world.server.keeps("cursor"), 2);
});

scenario("who registers later hears what is said from then on", (world) => {
  const { alice } = world.clients("alice");
  alice.types("send_all before");
  world.runs(100);
  const carol = world.client("carol");
  carol.starts();
  world.runs(100);
  carol.looks();
  world.runs(1000);
  carol.sees();
  alice.types("send_all after");
  world.runs(100);
  carol.sees("[Channel_Message alice: after]");
});

scenario("on a bad link every channel message comes once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.network.weather = { ...world.network.weather, loss: 0.2, duplication: 0.1, delay: 20, jitter: 100 };
  const lines = Array.from({ length: 50 }, (_, count) => `${count}`);
  for (const line of lines) {
    alice.types(`send_all ${line}`);
    world.runs(20);
  }
  world.network.heal();
  world.runs(30_000);
  assertEquals(bob.looks().toSorted(), lines.map((line) => `[Channel_Message alice: ${line}]`).toSorted());
});

scenario(
  "a member that dies before it has shown a channel message shows it at the next start, once",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.diesBefore(showing("channelReceived"));
    alice.types("send_all hi");
    world.runs(100);
    assertEquals(bob.isAlive, false);
    world.runs(1000);
    bob.starts();
    bob.sees(
      "Client IP->10.0.1.2 Port->20001",
      "Server IP->10.0.0.1 Port->9999",
      "[Channel_Message alice: hi]",
    );
    world.runs(100);
    bob.looks();
    world.runs(30_000);
    bob.sees();
  },
);

scenario("a server that dies between its commit and its answer has the message once", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  carol.types("dereg carol");
  world.runs(200);
  world.everybodyLooks();
  world.server.diesBefore(sending("stored"));
  const written = alice.types("send_all hi");
  world.runs(100);
  assertEquals(world.server.isAlive, false);
  alice.sees();
  world.server.starts();
  world.runs(2000);
  alice.sees("[Message received by Server.]");
  world.runs(40_000);
  carol.types("reg carol");
  world.runs(1000);
  bob.sees(
    "SERVER: [You have messages]",
    `[Channel_Message alice: ${written} hi]`,
    ...world.table(alice.online, bob.online, carol.online),
  );
  carol.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online, carol.online),
    "SERVER: [You have messages]",
    `[Channel_Message alice: ${written} hi]`,
  );
});

scenario("channel messages that waited at the end leave at the next start, in order", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.server.isKilled();
  alice.types("send_all one");
  alice.types("send_all two");
  world.runs(3000);
  alice.hasEnded(1);
  world.server.starts();
  alice.starts();
  world.runs(40_000);
  bob.looks();
  alice.looks();
  world.runs(10_000);
  alice.sees();
  bob.sees();
  assertEquals([alice.keeps("outbox"), world.server.keeps("channel")], [0, 2]);
});

// ---- a channel key ---------------------------------------------------------------------------------------

const OTHER_KEY =
  "[A channel message of alice is sealed under a channel key that this client does not have, see 'client --channel-key'.]";

/** alice and bob share a channel key, carol has none, dave has another one. */
function shareKey(world: World): { alice: Person; bob: Person; carol: Person; dave: Person } {
  const [shared, other] = [world.dice.bytes(KEY_BYTES), world.dice.bytes(KEY_BYTES)];
  const people = {
    alice: world.client("alice", { channelKey: shared }),
    bob: world.client("bob", { channelKey: shared }),
    carol: world.client("carol"),
    dave: world.client("dave", { channelKey: other }),
  };
  for (const person of Object.values(people)) {
    person.starts();
    world.runs(100);
  }
  world.runs(500);
  world.everybodyLooks();
  return people;
}

scenario("under a channel key only those read who have it, and the others are told", (world) => {
  const { alice, bob, carol, dave } = shareKey(world);
  alice.types("send_all between us");
  world.runs(100);
  alice.sees("[Message received by Server.]");
  bob.sees("[Channel_Message alice: between us]");
  carol.sees(OTHER_KEY);
  dave.sees(OTHER_KEY);
  world.runs(60_000);
  for (const person of [alice, bob, carol, dave]) person.sees();
});

scenario("what everybody can read is marked for those who have a key", (world) => {
  const { alice, bob, carol, dave } = shareKey(world);
  carol.types("send_all for everybody");
  world.runs(100);
  for (const person of [alice, bob, dave]) {
    person.sees("[Channel_Message, not sealed, carol: for everybody]");
  }
  const elsewhere = world.client("erin");
  elsewhere.starts();
  world.runs(200);
  elsewhere.looks();
  carol.types("send_all and for erin");
  world.runs(100);
  elsewhere.sees("[Channel_Message carol: and for erin]");
});

scenario("all that is so for who reads it later, each once, and nothing is missing", (world) => {
  const { alice, bob, carol, dave } = shareKey(world);
  const readers = [bob, carol, dave];
  for (const person of readers) person.types(`dereg ${person.nick}`);
  world.runs(200);
  const sealed = alice.types("send_all one");
  world.runs(1000);
  alice.types("quit");
  world.runs(200);
  // The same alice, who has no channel key any more.
  const later = world.client("alice");
  later.identity = alice.identity;
  later.disk.commit([...alice.disk.read()].map(([key, value]) => ({ type: "save", key, value })));
  later.starts();
  world.runs(200);
  const open = later.types("send_all two");
  world.runs(200);
  world.everybodyLooks();
  for (const person of readers) {
    person.types(`reg ${person.nick}`);
    world.runs(1000);
  }
  const channelLines = (person: Person) => person.looks().filter((line) => /channel/i.test(line));
  assertEquals(readers.map(channelLines), [
    [`[Channel_Message alice: ${sealed} one]`, `[Channel_Message, not sealed, alice: ${open} two]`],
    [OTHER_KEY, `[Channel_Message alice: ${open} two]`],
    [OTHER_KEY, `[Channel_Message, not sealed, alice: ${open} two]`],
  ]);
  for (const person of readers) {
    person.isKilled();
    person.starts();
    world.runs(1000);
  }
  assertEquals(readers.map(channelLines), [[], [], []]);
});

// ---- a sender who has lost count -------------------------------------------------------------------------

scenario("who brings nothing but his identity to another computer is heard in the channel", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  for (const text of ["one", "two", "three"]) alice.types(`send_all ${text}`);
  world.runs(1000);
  alice.types("quit");
  world.runs(200);
  const elsewhere = world.client("alice");
  elsewhere.identity = alice.identity;
  elsewhere.starts();
  world.runs(500);
  world.everybodyLooks();
  elsewhere.types("send_all four");
  elsewhere.types("send_all five");
  world.runs(1000);
  elsewhere.sees("[Message received by Server.]", "[Message received by Server.]");
  bob.sees("[Channel_Message alice: four]", "[Channel_Message alice: five]");
});

scenario("the posts of several senders share packets, and the first one waits for nothing", (world) => {
  const nicks = Array.from({ length: 40 }, (_, number) => `c${number}`);
  const people = nicks.map((nick) => world.client(nick));
  for (const person of people) person.starts();
  world.runs(3_000);
  world.everybodyLooks();
  const [reader, ...others] = people;
  const began = world.now;
  for (const [at, person] of others.slice(0, 3).entries()) {
    world.schedule.at(began + at / 4, () => person.types(`send_all ${at}`));
  }
  world.runs(2);
  reader!.sees("[Channel_Message c1: 0]");
  // After a post to forty members the next ones wait for 2 ms.
  world.runs(3);
  reader!.sees("[Channel_Message c2: 1]", "[Channel_Message c3: 2]");
  assertEquals(world.sent({ from: world.server, to: reader!, kind: "channel" }, began).length, 2);
});
