/** Corners in which an earlier version did the wrong thing. */
import { assert, assertEquals } from "@std/assert";
import { MAILBOX_LETTERS, MAILBOX_SHARE } from "../../core/base/limits.ts";
import { scenario } from "./scenario.ts";

scenario("channel messages of one sender keep their order when the first is lost", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send_all zero");
  world.runs(100);
  bob.looks();
  world.loses({ kind: "post", text: "one" });
  alice.types("send_all one");
  world.runs(100);
  alice.types("send_all two");
  world.losesNothing();
  world.runs(5000);
  bob.sees("[Channel_Message alice: one]", "[Channel_Message alice: two]");
});

scenario("two messages fail together: the next waits for neither", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const fit = MAILBOX_LETTERS * MAILBOX_SHARE;
  for (let count = 1; count <= fit; count++) {
    alice.types(`send bob ${count}`);
    if (count % 50 === 0) world.runs(100);
  }
  world.runs(1000);
  assertEquals(world.server.keeps("letter"), fit);
  alice.looks();
  alice.types("send bob too many");
  alice.types("send bob far too many");
  world.runs(100);
  alice.sees(
    "[Message to bob failed: the mailbox is full.]",
    "[Message to bob failed: the mailbox is full.]",
  );
  bob.types("reg bob");
  world.runs(20_000);
  bob.looks();
  alice.types("send bob next");
  world.runs(100);
  bob.sees("alice: next");
});

scenario("quit says how many messages wait", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  alice.types("send bob hi");
  world.runs(200);
  alice.types("quit");
  world.runs(1000);
  alice.sees("[You are Offline. Bye.]", "[1 message waits and leaves at the next start.]", "[Exiting]");
});

scenario("a peer restarted on the same port answers in time", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob before");
  world.runs(100);
  bob.isKilled();
  bob.starts(bob.address.port);
  world.runs(300);
  alice.looks();
  alice.types("send bob hi");
  world.runs(510);
  alice.sees("[Message received by bob.]");
});

scenario("a message that waits is tried all the time", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  alice.types("send bob one");
  world.runs(66_000);
  world.mend(bob);
  world.runs(15_000);
  bob.sees("alice: one");
});

scenario("two who write to each other for the first time at once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob hi");
  bob.types("send alice hi");
  world.runs(10);
  // No order is promised between a message and the receipt for another one.
  assertEquals(alice.looks().toSorted(), ["[Message received by bob.]", "bob: hi"]);
  assertEquals(bob.looks().toSorted(), ["[Message received by alice.]", "alice: hi"]);
});

scenario("mail that overtakes the welcome is not late", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob hi");
  world.runs(100);
  bob.looks();
  world.loses({ kind: "registered", to: bob });
  bob.types("reg bob");
  world.runs(100);
  world.losesNothing();
  world.runs(900);
  assert(bob.looks().some((line) => /^alice: .* hi$/.test(line)));
});

scenario("a script that ends says first what was collected", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob hi");
  world.runs(100);
  alice.pressesCtrlC();
  world.runs(100);
  bob.types("reg bob");
  world.runs(1000);
  alice.looks();
  alice.starts();
  world.runs(100);
  alice.pressesCtrlC();
  world.runs(10);
  assert(alice.looks().includes("[bob has collected 1 message.]"));
});

scenario("what was typed while no server answered is not dropped without a word", (world) => {
  world.server.isKilled();
  const alice = world.client("alice");
  alice.starts();
  alice.types("send bob hi");
  world.runs(2600);
  alice.isTold("no answer from 10.0.0.1:9999: is it running, and does a firewall let UDP port 9999 in?");
  assert(alice.looks().includes("[1 command not carried out.]"));
  alice.hasEnded(1);
});
