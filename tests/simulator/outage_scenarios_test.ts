/** A server that is away, and somebody who may be typing. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { scenario } from "./scenario.ts";

const AWAY = "SERVER @ 10.0.0.1:9999 is AWAY since 2022-03-22 21:35:";

scenario("nobody types: the client says that the server is silent, and ends", (world) => {
  const alice = world.client("alice", { interactive: true });
  alice.starts();
  world.runs(100);
  world.server.isKilled();
  alice.looks();
  alice.types("dereg alice");
  world.runs(2510);
  alice.sees("[Server not responding.]");
  world.runs(2500);
  alice.sees("[Exiting.]");
  alice.hasEnded(1);
});

for (const command of ["dereg alice", "quit"]) {
  scenario(`somebody types: '${command}' is cancelled, and what is written waits for the server`, (world) => {
    const [alice, bob] = [world.client("alice", { interactive: true }), world.client("bob")];
    alice.starts();
    bob.starts();
    world.runs(100);
    bob.types("dereg bob");
    world.runs(100);
    world.server.isKilled();
    world.everybodyLooks();
    alice.types(command);
    world.runs(3000);
    alice.sees("[Server not responding.]");
    alice.does({ type: "stay" });
    alice.sees("[Staying: what you write waits until the server is back.]");
    alice.types("send bob for later");
    world.runs(60_000);
    alice.sees();
    alice.types("peers");
    const [first = ""] = alice.looks();
    if (!first.startsWith(AWAY)) throw new Error(first);
    world.server.starts();
    world.runs(30_000);
    alice.sees(
      "[The server is back.]",
      "[Message received by SERVER.]",
      "SERVER: [Message received by the server and saved]",
    );
    bob.types("reg bob");
    world.runs(1000);
    alice.looks();
    alice.types("quit");
    world.runs(100);
    alice.sees("[You are Offline. Bye.]", "[Exiting]");
  });
}

scenario("the server is not there yet: what is written waits, and quit ends at once", (world) => {
  world.server.isKilled();
  const alice = world.client("alice", { interactive: true });
  alice.starts();
  world.runs(2510);
  alice.looks();
  alice.does({ type: "stay" });
  alice.types("send alice hi");
  alice.sees("[Staying: what you write waits until the server is back.]");
  world.runs(100_000);
  world.server.starts();
  world.runs(30_000);
  alice.sees(
    "[The server is back.]",
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online),
    "alice: hi",
    "[Message received by alice.]",
  );
  world.server.isKilled();
  alice.types("dereg alice");
  world.runs(2600);
  alice.does({ type: "stay" });
  alice.looks();
  alice.types("quit");
  alice.sees("[Exiting]");
  alice.hasEnded(0);
});

scenario("a server of which nothing is heard for 75 s counts as away, which is said once", (world) => {
  const alice = world.client("alice", { interactive: true });
  alice.starts();
  world.runs(100);
  world.server.isKilled();
  alice.looks();
  world.runs(76_000);
  alice.sees("[Server not responding.]");
  world.runs(1_000_000);
  alice.sees();
  world.server.starts();
  world.runs(31_000);
  alice.sees("[The server is back.]");
  alice.types("peers");
  alice.sees("SERVER @ 10.0.0.1:9999 is ONLINE", alice.online);
});

scenario("with no end of attempts the client says that it waits", (world) => {
  world.server.isKilled();
  const alice = world.client("alice", { interactive: true, attempts: 0 });
  alice.starts();
  alice.looks();
  world.runs(1_000_000);
  alice.sees("[Server not responding.]", "[Staying: what you write waits until the server is back.]");
});

scenario("the server is started anew: the packets of its own clients are not called strange", (world) => {
  const { alice } = world.clients("alice", "bob");
  world.server.isKilled();
  alice.types("send bob one");
  world.server.starts();
  alice.types("send_all two");
  world.runs(70_000);
  assertEquals(world.server.looks().filter((line) => line.includes("dropped")), []);
});

scenario(
  "the server is stopped for 80 s: what its clients have said meanwhile is read before anybody is silent",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.server.isStopped();
    world.runs(80_000);
    world.everybodyLooks();
    world.server.isContinued();
    world.runs(60_000);
    assertEquals(world.server.looks().filter((line) => line.includes("offline")), []);
    for (const person of [alice, bob]) {
      assertEquals(person.looks().filter((line) => line.includes("OFFLINE")), []);
    }
    alice.types("send bob hi");
    world.runs(1000);
    bob.sees("alice: hi");
  },
);

scenario("the server is stopped for 80 s, and somebody has gone meanwhile: that is seen", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.server.isStopped();
  bob.isKilled();
  world.runs(80_000);
  world.server.isContinued();
  world.runs(5000);
  assertEquals(alice.looks().filter((line) => line.includes("OFFLINE")), [bob.offline]);
});

scenario("many come at a time, more than the server has time for: each is told when its turn is", (world) => {
  const people = Array.from({ length: 60 }, (_, number) => world.client(`c${number}`, { attempts: 0 }));
  // A handshake takes 20 ms, so that the server has time for 20 in a second.
  world.workTakes = 20;
  const began = world.now;
  for (const person of people) person.starts();
  world.runsUntil(() => world.server.status.counts.handshakes >= people.length, 4_000);
  const sent = world.sent({ to: world.server, kind: "initiation" }, began).length;
  assertLessOrEqual(sent, 4 * people.length);
  world.runs(1_000);
  assertEquals(world.server.status.members.online, people.length);
});
