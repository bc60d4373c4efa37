/** What is remembered: everything once, and before it is forgotten elsewhere. */
import { assert, assertEquals } from "@std/assert";
import { memoryName } from "../../core/history.ts";
import type { Person } from "../kit/person.ts";
import { scenario } from "./scenario.ts";

function linesOf(person: Person): string[] {
  return person.history.lines;
}

scenario("both ends remember a message, and its sender how far it came", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob hi");
  world.runs(200);
  bob.types("send_all to all");
  world.runs(1000);
  assertEquals(linesOf(alice), ["alice: hi (delivered)", "bob: to all"]);
  assertEquals(linesOf(bob), ["alice: hi", "bob: to all (stored)"]);
});

scenario("a letter that is collected later is corrected later, and one that fails says so", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob hi");
  world.runs(1000);
  assertEquals(linesOf(alice), ["alice: hi (stored)"]);
  bob.types("reg bob");
  world.runs(5000);
  assertEquals(linesOf(alice), ["alice: hi (delivered)"]);
  assertEquals(linesOf(bob), ["alice: hi"]);
});

scenario(
  "a kill between the commit of the history and the end of the record: nothing is lost or doubled",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob hi");
    let remembered = false;
    // The history has it, and the journal has not forgotten it.
    bob.diesBefore((output) => {
      remembered ||= output.type === "remember";
      return output.type === "forget" && output.key.startsWith("event/");
    });
    world.runs(1000);
    assertEquals([remembered, bob.isAlive, linesOf(bob)], [true, false, ["alice: hi"]]);
    assertEquals(bob.keeps("event"), 1);
    bob.starts();
    world.runs(1000);
    assertEquals(linesOf(bob), ["alice: hi"]);
    assertEquals(bob.keeps("event"), 0);
  },
);

scenario(
  "a kill before the commit of the history: the next process remembers it from the record",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob hi");
    bob.diesBefore((output) => output.type === "remember");
    world.runs(1000);
    assertEquals([bob.isAlive, linesOf(bob), bob.keeps("event")], [false, [], 1]);
    bob.starts();
    world.runs(1000);
    assertEquals([linesOf(bob), bob.keeps("event")], [["alice: hi"], 0]);
  },
);

scenario("the same for a message of ours, which the outbox still has", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.diesBefore((output) => output.type === "remember");
  alice.types("send bob hi");
  world.runs(1000);
  assertEquals([alice.isAlive, linesOf(alice)], [false, []]);
  alice.starts();
  world.runs(10_000);
  assertEquals(linesOf(alice), ["alice: hi (delivered)"]);
  assertEquals(linesOf(bob), ["alice: hi"]);
});

scenario("what scripts collect and send is remembered, and so is what nobody has looked at", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  bob.isAttended = false;
  bob.starts();
  world.runs(200);
  alice.types("send bob while you were away");
  world.runs(1000);
  bob.does({ type: "leave" });
  bob.runsScript("send alice from a script");
  world.runs(1000);
  assertEquals(linesOf(bob), ["alice: while you were away", "bob: from a script (stored)"]);
  bob.isAttended = true;
  bob.starts();
  world.runs(1000);
  assertEquals(linesOf(bob).length, 2);
});

scenario(
  "in a flood with kills every message is remembered once, and none is forgotten before it is",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    const texts = Array.from({ length: 60 }, (_, at) => `number ${at}`);
    bob.deadliness = 0.05;
    for (const text of texts) {
      alice.types(`send bob ${text}`);
      world.runs(150);
      if (!bob.isAlive) bob.starts();
    }
    bob.deadliness = 0;
    world.runs(5000);
    if (!bob.isAlive) bob.starts();
    world.runs(60_000);
    const names = bob.history.all.map(memoryName);
    assertEquals(new Set(names).size, names.length);
    const got = bob.history.all.flatMap((memory) => memory.type === "received" ? [memory.message.text] : []);
    assertEquals(got.toSorted(), texts.toSorted());
    assert(linesOf(alice).every((line) => line.endsWith(" (delivered)")));
  },
);

scenario(
  "the last lines at the start are those that were shown, and what is new stands behind them",
  (world) => {
    const { alice } = world.clients("alice");
    const bob = world.client("bob", { recalls: 2 });
    bob.starts();
    world.runs(500);
    for (const text of ["one", "two", "three"]) alice.types(`send bob ${text}`);
    world.runs(500);
    bob.types("quit");
    world.runs(500);
    bob.isAttended = false;
    bob.starts();
    world.runs(500);
    alice.types("send bob new");
    world.runs(500);
    bob.does({ type: "leave" });
    bob.isAttended = true;
    bob.looks();
    bob.starts();
    world.runs(1000);
    const lines = bob.looks().filter((line) => line.startsWith("alice:") || line.includes("away"));
    assertEquals(lines.map((line) => line.replace(/\d{4}-.{21} /, "")), [
      "alice: two",
      "alice: three",
      "[While you were away]",
      "alice: new",
    ]);
  },
);
