/** Clients whose output nobody reads: what they were handed is shown to the person later. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario, showing } from "./scenario.ts";

/** What a start shows behind the two lines with the addresses, before the server answers. */
function first(person: Person): string[] {
  return person.looks().slice(2);
}

/** Bob goes away, alice writes to him and to everybody, and a script runs under his nick. */
function aScriptCollects(world: World): { alice: Person; bob: Person; dates: string[] } {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  const dates = [alice.types("send bob one")];
  world.runs(100);
  dates.push(alice.types("send_all two"));
  world.runs(200);
  world.everybodyLooks();
  bob.isAttended = false;
  bob.starts();
  bob.types("peers");
  bob.endsInput();
  world.runs(1000);
  bob.hasEnded(0);
  return { alice, bob, dates };
}

scenario("what a script was handed is shown to the person at the next start, once", (world) => {
  const { alice, bob, dates: [one, two] } = aScriptCollects(world);
  assertEquals(bob.looks().filter((line) => /messages|alice: /.test(line)), [
    "SERVER: [You have messages]",
    `alice: ${one} one`,
    `[Channel_Message alice: ${two} two]`,
  ]);
  alice.looks();
  bob.isAttended = true;
  bob.starts();
  assertEquals(first(bob), [
    "[While you were away]",
    `alice: ${one} one`,
    `[Channel_Message alice: ${two} two]`,
  ]);
  world.runs(1000);
  bob.types("quit");
  world.runs(1000);
  bob.looks();
  bob.starts();
  assertEquals(first(bob), []);
});

scenario("scripts that run one after the other keep what all of them were handed", (world) => {
  const { alice, bob, dates: [one, two] } = aScriptCollects(world);
  const three = alice.types("send bob three");
  world.runs(200);
  bob.looks();
  bob.starts();
  bob.types("peers");
  assertEquals(first(bob), []);
  bob.endsInput();
  world.runs(1000);
  bob.hasEnded(0);
  bob.looks();
  bob.isAttended = true;
  bob.starts();
  assertEquals(first(bob), [
    "[While you were away]",
    `alice: ${one} one`,
    `[Channel_Message alice: ${two} two]`,
    `alice: ${three} three`,
  ]);
});

scenario("messages that come directly to a program in a pipe are kept as well", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  bob.isAttended = false;
  bob.starts();
  world.runs(1000);
  world.everybodyLooks();
  const date = alice.types("send bob hi");
  world.runs(1000);
  bob.sees("alice: hi");
  alice.sees("[Message received by bob.]");
  bob.isKilled();
  bob.isAttended = true;
  bob.starts();
  assertEquals(first(bob), ["[While you were away]", `alice: ${date} hi`]);
});

scenario("a script's message to its own nick is a note for the person", (world) => {
  const { bob } = world.clients("bob");
  bob.types("quit");
  world.runs(200);
  bob.runsScript("send bob the backup is done");
  world.runs(1000);
  bob.hasEnded(0);
  bob.looks();
  bob.starts();
  const [title, note] = first(bob);
  assertEquals(title, "[While you were away]");
  assertMatch(note!, /^bob: \d{4}-.{21} the backup is done$/);
});

for (const moment of ["before it prints", "after it printed"]) {
  scenario(`a script that is killed ${moment} a message has not eaten it`, (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.types("quit");
    world.runs(200);
    const date = alice.types("send bob hi");
    world.runs(200);
    bob.isAttended = false;
    bob.starts();
    if (moment === "before it prints") bob.diesBefore(showing("directReceived"));
    while (bob.isAlive && !bob.looks().includes(`alice: ${date} hi`)) world.runs(1);
    if (bob.isAlive) bob.isKilled();
    bob.looks();
    bob.isAttended = true;
    bob.starts();
    world.runs(1000);
    assertEquals(bob.looks().filter((line) => line === `alice: ${date} hi`).length, 1);
  });
}

scenario("a person's client that is killed while it shows what was kept shows it again", (world) => {
  const { bob, dates: [one, two] } = aScriptCollects(world);
  bob.looks();
  bob.isAttended = true;
  for (let time = 0; time < 2; time++) {
    bob.starts();
    world.runs(1);
    assertEquals(bob.looks().slice(2, 5), [
      "[While you were away]",
      `alice: ${one} one`,
      `[Channel_Message alice: ${two} two]`,
    ]);
    bob.isKilled();
  }
});
