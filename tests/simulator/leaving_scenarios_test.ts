/**
 * How a client ends, and when it gives up: only a command of the user's can end it, and nothing is lost by
 * that.
 */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "./scenario.ts";

// ---- leaving ---------------------------------------------------------------------------------------------

scenario("quit deregisters, then ends with status 0", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("quit");
  world.runs(200);
  alice.sees("[You are Offline. Bye.]", "[Exiting]");
  alice.hasEnded(0);
  bob.sees(...world.table(alice.offline, bob.online));
});

scenario("quit while deregistered just ends", (world) => {
  const { alice } = world.clients("alice");
  alice.types("dereg alice");
  world.runs(200);
  alice.looks();
  alice.types("quit");
  world.runs(10);
  alice.sees("[Exiting]");
  alice.hasEnded(0);
});

scenario("ctrl-c leaves with one datagram that nothing waits for", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const began = world.schedule.now;
  alice.pressesCtrlC();
  world.runs(2);
  alice.sees("[Exiting]");
  alice.hasEnded(0);
  assertEquals(world.sent({ from: alice }, began).map(({ kinds }) => kinds), [["leave"]]);
  world.runs(200);
  bob.sees(...world.table(alice.offline, bob.online));
});

scenario("ctrl-c ends at once, also when the server is gone and a command waits", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  alice.types("send bob hi");
  world.runs(700);
  alice.looks();
  alice.pressesCtrlC();
  world.runs(2);
  alice.sees("[1 message waits and leaves at the next start.]", "[Exiting]");
  alice.hasEnded(0);
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("ctrl-c while the first registration is under way", (world) => {
  world.server.isKilled();
  const alice = world.client("alice");
  alice.starts();
  world.runs(1000);
  alice.looks();
  alice.pressesCtrlC();
  world.runs(2);
  alice.sees("[Exiting]");
  alice.hasEnded(0);
});

// ---- the input ends --------------------------------------------------------------------------------------

scenario(
  "commands that were read wait for the registration; at the end of the input all is delivered",
  (world) => {
    const { bob } = world.clients("bob");
    const alice = world.client("alice");
    alice.starts();
    alice.types("send bob one");
    alice.types("send_all two");
    alice.types("send bob three");
    alice.endsInput();
    world.runs(1000);
    alice.sees(
      "Client IP->10.0.1.2 Port->20000",
      "Server IP->10.0.0.1 Port->9999",
      "SERVER: [Welcome, you are registered.]",
      ...world.table(bob.online, alice.online),
      "[Message received by Server.]",
      '[Message received by bob: "one".]',
      '[Message received by bob: "three".]',
      "[Exiting]",
    );
    alice.hasEnded(0);
    for (const line of ["alice: one", "[Channel_Message alice: two]", "alice: three"]) {
      assert(
        bob.hasSeen(line),
      );
    }
  },
);

scenario("the input ends with nothing to do", (world) => {
  const { alice } = world.clients("alice");
  alice.endsInput();
  world.runs(10);
  alice.sees("[Exiting]");
  alice.hasEnded(0);
});

scenario("the input ends while a silent recipient's message is on its way to the server", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  alice.types("send bob hi");
  alice.endsInput();
  world.runs(1000);
  alice.sees(
    "[No ACK from bob, message sent to server.]",
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
    "[Exiting]",
  );
  alice.hasEnded(0);
});

scenario(
  "the input ends, and neither recipient nor server answers: status 1, and the message waits",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cut(bob, world.server);
    alice.types("send bob hi");
    alice.endsInput();
    world.runs(4000);
    alice.sees(
      "[No ACK from bob, message sent to server.]",
      "[Server not responding.]",
      "[1 message waits and leaves at the next start.]",
      "[Exiting.]",
    );
    alice.hasEnded(1);
  },
);

scenario(
  "messages of an earlier process that wait, and the input ends while we are deregistered",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cut(bob, world.server);
    alice.types("send bob hi");
    alice.pressesCtrlC();
    world.runs(10);
    world.mend(world.server);
    world.loses({ kind: "deposit" });
    alice.starts();
    world.runs(100);
    alice.types("dereg alice");
    world.runs(100);
    alice.looks();
    alice.endsInput();
    world.runs(10);
    alice.sees("[1 message waits and leaves at the next start.]", "[Exiting]");
    alice.hasEnded(1);
  },
);

// ---- giving up -------------------------------------------------------------------------------------------

scenario("no server has ever answered", (world) => {
  world.server.isKilled();
  const alice = world.client("alice");
  alice.starts();
  world.runs(2499);
  alice.isTold();
  world.runs(2);
  alice.isTold("no answer from 10.0.0.1:9999: is it running, and does a firewall let UDP port 9999 in?");
  alice.sees("Client IP->10.0.1.1 Port->20000", "Server IP->10.0.0.1 Port->9999");
  alice.hasEnded(1);
});

scenario("with --attempts 2 a client waits for one second, with --attempts 0 for ever", (world) => {
  world.server.isKilled();
  const [alice, bob] = [world.client("alice", { attempts: 2 }), world.client("bob", { attempts: 0 })];
  alice.starts();
  bob.starts();
  world.runs(1010);
  alice.hasEnded(1);
  world.runs(3600_000);
  bob.sees("Client IP->10.0.1.2 Port->20000", "Server IP->10.0.0.1 Port->9999");
  bob.isTold();
  world.server.starts();
  world.runs(30_000);
  bob.sees("SERVER: [Welcome, you are registered.]", ...world.table(bob.online));
});

scenario("a message to somebody offline, and the server is gone: five attempts, then the end", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  world.server.isKilled();
  world.everybodyLooks();
  alice.types("send bob hi");
  world.runs(2499);
  alice.sees();
  world.runs(10);
  alice.sees(
    "[Server not responding.]",
    "[1 message waits and leaves at the next start.]",
    "[Exiting.]",
  );
  alice.hasEnded(1);
});

scenario("what waits at the end leaves at the next start", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  world.server.isKilled();
  const one = alice.types("send bob one");
  const two = alice.types("send bob two");
  alice.looks();
  world.runs(3000);
  alice.sees(
    "[Server not responding.]",
    "[2 messages wait and leave at the next start.]",
    "[Exiting.]",
  );
  alice.hasEnded(1);
  world.server.starts();
  alice.starts();
  world.runs(300);
  alice.sees(
    "Client IP->10.0.1.1 Port->20001",
    "Server IP->10.0.0.1 Port->9999",
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.offline),
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
  );
  bob.looks();
  bob.types("reg bob");
  world.runs(1000);
  bob.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
    "SERVER: [You have messages]",
    `alice: ${one} one`,
    `alice: ${two} two`,
  );
});

scenario("dereg, quit and send_all give up after five attempts", (world) => {
  const x = world.client("x");
  for (const command of ["dereg x", "quit", "send_all hi"]) {
    x.starts();
    world.runs(500);
    world.cut(world.server);
    x.looks();
    x.types(command);
    world.runs(2499);
    x.sees();
    world.runs(10);
    const waits = command === "send_all hi" ? ["[1 message waits and leaves at the next start.]"] : [];
    x.sees("[Server not responding.]", ...waits, "[Exiting.]");
    x.hasEnded(1);
    world.mend(world.server);
    world.runs(100_000);
  }
});

scenario("the five attempts are counted from the last sign of life", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  // The server acknowledges, which is a sign of life, but its answer never comes.
  world.loses({ kind: "stored" });
  alice.looks();
  alice.types("send bob hi");
  world.runs(2000);
  alice.sees();
  const { now } = world.schedule;
  const last = world.sent({ from: world.server, to: alice, kind: "acknowledgement" }).at(-1)!.at;
  world.cut(world.server);
  world.runs(last + 2500 - now);
  alice.sees();
  world.runs(20);
  alice.sees(
    "[Server not responding.]",
    "[1 message waits and leaves at the next start.]",
    "[Exiting.]",
  );
});

scenario("a deposit by the 500 ms rule ends nobody: it says once that the server is silent", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  alice.types("send bob one");
  alice.types("send bob two");
  world.runs(2999);
  alice.sees("[No ACK from bob, message sent to server.]", "[No ACK from bob, message sent to server.]");
  world.runs(10);
  alice.sees("[Server not responding.]");
  world.runs(57_000);
  alice.sees();
  assert(alice.isAlive);
  world.mend(bob);
  world.runs(5000);
  alice.sees('[Message received by bob: "one".]', '[Message received by bob: "two".]');
  bob.sees("alice: one", "alice: two");
  alice.types("send bob three");
  world.runs(100);
  alice.sees("[Message received by bob.]");
});

scenario("a message receipted by any way stops its attempts", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  alice.types("send bob hi");
  world.runs(1000);
  alice.sees("[No ACK from bob, message sent to server.]");
  world.mend(bob);
  world.runs(20_000);
  alice.sees("[Message received by bob.]");
});

scenario(
  "a server that vanishes while nothing is asked of it ends nobody, and is found when it is back",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.server.isKilled();
    world.runs(600_000);
    alice.sees();
    bob.sees();
    alice.types("send bob still there?");
    world.runs(100);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: still there?");
    world.server.starts();
    world.runs(35_000);
    alice.sees();
    bob.sees();
    alice.types("send_all back");
    world.runs(100);
    alice.sees("[Message received by Server.]");
    bob.sees("[Channel_Message alice: back]");
  },
);

scenario("quit, nobody answers, and the message that waits is named", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  alice.types("send bob hi");
  alice.types("quit");
  world.runs(3000);
  alice.sees(
    "[No ACK from bob, message sent to server.]",
    "[Server not responding.]",
    "[1 message waits and leaves at the next start.]",
    "[Exiting.]",
  );
  alice.hasEnded(1);
});
