/** Registering, talking directly, going offline and coming back: what the original did, line by line. */
import { isOrdered } from "../../core/messages/verb.ts";
import { assert, assertEquals } from "@std/assert";
import { scenario } from "./scenario.ts";

// ---- start and table -------------------------------------------------------------------------------------

scenario("a client says where it is, is welcomed, and sees the table", (world) => {
  const alice = world.client("alice");
  alice.starts(3001);
  alice.sees("Client IP->10.0.1.1 Port->3001", "Server IP->10.0.0.1 Port->9999");
  world.runs(100);
  alice.sees(
    "SERVER: [Welcome, you are registered.]",
    "[Client table updated.]",
    "SERVER @ 10.0.0.1:9999 is ONLINE",
    "alice @ 10.0.1.1:3001 is ONLINE",
  );
  assertEquals(alice.unsettled, 0);
});

scenario("everybody sees who comes and who goes, once, and the rows keep their places", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const carol = world.client("carol");
  carol.starts();
  world.runs(200);
  const withCarol = world.table(alice.online, bob.online, carol.online);
  alice.sees(...withCarol);
  bob.sees(...withCarol);
  carol.sees(
    "Client IP->10.0.1.3 Port->20000",
    "Server IP->10.0.0.1 Port->9999",
    "SERVER: [Welcome, you are registered.]",
    ...withCarol,
  );

  alice.types("dereg alice");
  world.runs(200);
  const withoutAlice = world.table(alice.offline, bob.online, carol.online);
  alice.sees("[You are Offline. Bye.]");
  bob.sees(...withoutAlice);
  carol.sees(...withoutAlice);

  alice.types("reg alice");
  world.runs(200);
  alice.sees("SERVER: [Welcome, you are registered.]", ...withCarol);
  bob.sees(...withCarol);
  carol.sees(...withCarol);
});

scenario("who comes within 50 ms of each other is told together", (world) => {
  const { alice } = world.clients("alice");
  const [bob, carol] = [world.client("bob"), world.client("carol")];
  bob.starts();
  carol.starts();
  world.runs(200);
  alice.sees(...world.table(alice.online, bob.online, carol.online));
});

scenario("peers lists everybody, also while one is offline", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  world.everybodyLooks();
  alice.types("peers");
  alice.sees(...world.rows(alice.online, bob.offline));
  bob.types("peers");
  world.runs(200);
  bob.looks();
  assertEquals([alice.unsettled, bob.unsettled], [0, 0]);
});

// ---- direct messages -------------------------------------------------------------------------------------

scenario("messages go directly from client to client; the server sees none of them", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob hi");
  bob.types("send alice how do you do?");
  world.runs(60);
  // Their handshakes cross, and chance decides which of the two messages leaves again in what stays.
  assertEquals(alice.looks().sort(), ["[Message received by bob.]", "bob: how do you do?"]);
  assertEquals(bob.looks().sort(), ["[Message received by alice.]", "alice: hi"]);
  const met = world.schedule.now;
  for (let count = 1; count <= 100; count++) {
    alice.types(`send bob ${count}`);
    world.runs(20);
    alice.sees("[Message received by bob.]");
    bob.sees(`alice: ${count}`);
  }
  world.runs(1000);
  const said = world.datagrams.filter(({ verbs }) => verbs.some(isOrdered));
  assertEquals(said.filter((datagram) => world.server.isAt(datagram.to)), []);
  assertEquals(said.filter((datagram) => datagram.at >= met).length, 100);
  assertEquals([alice.keeps("outbox"), bob.keeps("inbox"), alice.unsettled], [0, 0, 0]);
});

scenario("a message keeps the spaces inside it, and loses those at both ends", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("  send   bob   one  two   three  ");
  world.runs(20);
  bob.sees("alice: one  two   three");
});

scenario("further lines of a message are indented, and a tab becomes spaces", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob a\tb\nSERVER: [You have messages]\r\nend");
  world.runs(20);
  bob.sees("alice: a  b", "  SERVER: [You have messages]", "  end");
});

scenario("what could harm a terminal is shown as a tag", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob \x1b[31mred\x1b[0m \u202Eback \u200Bnothing \x07\x9b");
  world.runs(20);
  bob.sees("alice: <U+001B>[31mred<U+001B>[0m <U+202E>back <U+200B>nothing <U+0007><U+009B>");
});

scenario("send to a nick that does not exist", (world) => {
  const { alice } = world.clients("alice");
  alice.types("send zoe hi");
  alice.sees("[Unknown peer: zoe]");
  alice.types("send z\x1b[2Joe hi");
  alice.sees("[Unknown peer: z<U+001B>[2Joe]");
  assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
});

scenario("a message to oneself is shown and receipted like any other, without the network", (world) => {
  const { alice } = world.clients("alice");
  world.cut(alice);
  alice.types("send alice note to self");
  alice.types("send ALICE second");
  alice.sees(
    "alice: note to self",
    "[Message received by alice.]",
    "alice: second",
    "[Message received by alice.]",
  );
  assertEquals(alice.unsettled, 0);
});

scenario("nicks are compared without case, and written as their owners write them", (world) => {
  const { Alice, bob } = world.clients("Alice", "bob");
  bob.types("send aLICE hi");
  world.runs(20);
  Alice.sees("bob: hi");
  bob.sees("[Message received by Alice.]");
  Alice.types("dereg ALICE");
  world.runs(200);
  Alice.sees("[You are Offline. Bye.]");
});

// ---- a recipient who is silent or away -------------------------------------------------------------------

scenario("a message to somebody silent goes to the server as well, under the same id", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  alice.types("send bob hi");
  world.runs(499);
  alice.sees();
  world.runs(1);
  alice.sees("[No ACK from bob, message sent to server.]");
  world.runs(2);
  alice.sees("[Message received by SERVER.]", "SERVER: [Message received by the server and saved]");
  const [deposit, ...more] = world.sent({ kind: "deposit" });
  assertEquals(more, []);
  const ids = deposit?.verbs.map((verb) => verb.type === "deposit" && verb.id.length);
  assertEquals(ids, [32]);
  assertEquals(alice.unsettled, 0);
});

scenario("a receipt that comes late by the direct way is told, too", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob first");
  world.runs(100);
  world.everybodyLooks();
  world.loses({ kind: "got" }, { kind: "deposit" });
  alice.types("send bob hi");
  world.runs(600);
  bob.sees("alice: hi");
  alice.sees("[No ACK from bob, message sent to server.]");
  world.losesNothing();
  world.loses({ kind: "deposit" });
  world.runs(1000);
  alice.sees("[Message received by bob.]");
  world.runs(60_000);
  alice.sees();
  bob.sees();
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter"), alice.unsettled], [0, 0, 0]);
});

scenario("a message to somebody offline goes straight to the server", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  world.everybodyLooks();
  const began = world.schedule.now;
  alice.types("send bob for later");
  world.runs(2);
  alice.sees("[Message received by SERVER.]", "SERVER: [Message received by the server and saved]");
  assertEquals(world.sent({ to: bob }, began), []);
  assertEquals(alice.unsettled, 0);
});

scenario(
  "a letter for somebody online, whom the direct way does not reach, looks like a direct message",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cutBetween(alice, bob);
    alice.types("send bob hi");
    world.runs(510);
    bob.sees("alice: hi");
    alice.sees(
      "[No ACK from bob, message sent to server.]",
      "[Message received by SERVER.]",
      "SERVER: [Message received by the server and saved]",
    );
    world.runs(300);
    alice.sees("[bob has collected 1 message.]");
    world.runs(10_000);
    bob.sees();
    alice.sees();
    assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0]);
  },
);

// ---- offline and back ------------------------------------------------------------------------------------

scenario("dereg of another is refused; of oneself, the process stays", (world) => {
  const { alice } = world.clients("alice", "bob");
  alice.types("dereg bob");
  alice.sees("[You are not bob.]");
  alice.types("dereg alice");
  world.runs(200);
  alice.sees("[You are Offline. Bye.]");
  for (const line of ["send bob hi", "send_all hi", "dereg alice", "send zoe hi"]) {
    alice.types(line);
    alice.sees("[You are offline, 'reg alice' first.]");
  }
  world.runs(100_000);
  alice.sees();
  assertEquals([alice.isAlive, alice.unsettled], [true, 0]);
});

scenario("reg while registered, and reg of another nick", (world) => {
  const { alice } = world.clients("alice");
  alice.types("reg alice");
  alice.sees("[You are already registered as 'alice'.]");
  alice.types("dereg alice");
  world.runs(200);
  alice.looks();
  alice.types("reg bob");
  alice.sees("[This client is 'alice', start another one with 'client -n bob'.]");
  alice.types("reg Alice");
  world.runs(200);
  alice.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online));
  assertEquals(alice.unsettled, 0);
});

scenario("what waits when one deregisters stays, and goes on when one is back", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  world.loses({ kind: "deposit" });
  alice.types("send bob hi");
  // While nothing is repeated yet: a repeat of the deposit may share a packet with anything else.
  world.runs(510);
  assertEquals(world.sent({ kind: "deposit" }).length, 1);
  alice.types("dereg alice");
  world.runs(200);
  alice.sees("[No ACK from bob, message sent to server.]", "[You are Offline. Bye.]");
  assertEquals(alice.unsettled, 0);
  const began = world.schedule.now;
  world.mend(bob);
  world.losesNothing();
  world.runs(60_000);
  assertEquals(world.sent({ from: alice, to: bob }, began), []);
  bob.looks();
  alice.types("reg alice");
  world.runs(600);
  assertEquals(alice.looks().at(-1), "[Message received by bob.]");
  assertEquals(bob.looks().filter((line) => line === "alice: hi").length, 1);
});

scenario("who is offline gets nothing, whatever is sent to the address", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.loses({ kind: "rows", to: alice });
  bob.types("dereg bob");
  world.runs(10);
  bob.looks();
  alice.looks();
  alice.types("send bob hi");
  world.runs(400);
  bob.sees();
  assert(world.sent({ to: bob, kind: "direct" }).length > 0);
  assertEquals(world.sent({ kind: "receipt" }), []);
});

scenario(
  "mail is handed over in the order in which the server stored it, channel and direct together",
  (world) => {
    const { alice, bob, carol } = world.clients("alice", "bob", "carol");
    carol.types("dereg carol");
    world.runs(1000);
    world.everybodyLooks();
    const one = alice.types("send carol one");
    world.runs(1234);
    const two = bob.types("send_all two");
    world.runs(1000);
    const three = bob.types("send carol three");
    world.runs(1000);
    const four = alice.types("send carol four");
    world.runs(1000);
    world.everybodyLooks();
    carol.types("reg carol");
    world.runs(500);
    carol.sees(
      "SERVER: [Welcome, you are registered.]",
      ...world.table(alice.online, bob.online, carol.online),
      "SERVER: [You have messages]",
      `alice: ${one} one`,
      `[Channel_Message bob: ${two} two]`,
      `bob: ${three} three`,
      `alice: ${four} four`,
    );
    assertEquals(one, "2022-03-22 21:35:01.800000");
    assertEquals(world.server.keeps("letter"), 0);
    carol.types("dereg carol");
    world.runs(100);
    carol.types("reg carol");
    world.runs(500);
    carol.sees(
      "[You are Offline. Bye.]",
      "SERVER: [Welcome, you are registered.]",
      ...world.table(alice.online, bob.online, carol.online),
    );
  },
);

scenario("the sender is told once for all that was collected", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  for (const text of ["one", "two", "three"]) alice.types(`send bob ${text}`);
  world.runs(200);
  world.everybodyLooks();
  bob.types("reg bob");
  world.runs(1000);
  alice.sees(...world.table(alice.online, bob.online), "[bob has collected 3 messages.]");
  assertEquals([alice.keeps("outbox"), world.server.keeps("receipt")], [0, 0]);
});

scenario("a sender who was away is told when he is back, also by a new process", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob one");
  alice.types("send bob two");
  world.runs(200);
  alice.types("quit");
  world.runs(200);
  alice.hasEnded(0);
  bob.types("reg bob");
  world.runs(3_600_000);
  assertEquals(world.server.keeps("receipt"), 2);
  alice.starts();
  alice.looks();
  world.runs(1000);
  alice.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
    "[bob has collected 2 messages.]",
  );
  assertEquals([alice.keeps("outbox"), world.server.keeps("receipt")], [0, 0]);
});

scenario("mail that was seen by the direct way is not announced again", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob first");
  world.runs(100);
  world.loses({ kind: "got" }, { kind: "letter" });
  alice.types("send bob hi");
  world.runs(1000);
  bob.sees("alice: first", "alice: hi");
  bob.isKilled();
  assertEquals(world.server.keeps("letter"), 1);
  world.losesNothing();
  world.everybodyLooks();
  bob.starts();
  world.runs(1000);
  bob.sees(
    "Client IP->10.0.1.2 Port->20001",
    "Server IP->10.0.0.1 Port->9999",
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
  );
  assertEquals(world.server.keeps("letter"), 0);
});
