/** Messages of scripts: each is followed from the outbox to its end, in another process if need be. */
import { assertEquals, assertNotEquals } from "@std/assert";
import type { Action } from "../../core/action.ts";
import type { Person } from "../kit/person.ts";
import { scenario } from "./scenario.ts";

/** Watches what a person's programs are told about the messages of scripts: `REF STATE`. */
function watch(person: Person): { states: string[]; ids: Set<string> } {
  const watched = { states: [] as string[], ids: new Set<string>() };
  person.onNotice = (notice, ref) => {
    if (notice.type === "messageState") {
      watched.ids.add(notice.id);
      watched.states.push(
        `${ref} ${notice.state}${notice.failure === undefined ? "" : ` ${notice.failure}`}`,
      );
    } else if (ref !== undefined) watched.states.push(`${ref} ${notice.type}`);
  };
  return watched;
}

function message(to: string, text: string, once = text): Action {
  return { type: "sendDirect", to, text, once };
}

scenario("a message to somebody who is online is queued, sent and delivered", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const { states } = watch(alice);
  alice.does(message("bob", "hi"), "a");
  world.runs(1000);
  bob.sees("alice: hi");
  assertEquals(states, ["a queued", "a sent", "a delivered", "a delivered", "a settled"]);
});

scenario("a message to somebody who is offline is stored, and delivered when it is collected", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(1000);
  const { states } = watch(alice);
  alice.does(message("bob", "hi"), "a");
  world.runs(1000);
  assertEquals(states.splice(0), ["a queued", "a sent", "a stored", "a stored", "a settled"]);
  bob.starts();
  world.runs(1000);
  // Whoever has sent it is told of its collection; for those who wait for nothing one line tells of many.
  assertEquals(states, ["a delivered", "a collected"]);
});

scenario("a channel message is stored, and that is its end", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const { states } = watch(alice);
  alice.does({ type: "sendChannel", text: "hi", once: "k" }, "a");
  world.runs(1000);
  assertEquals(states, ["a queued", "a sent", "a stored", "a posted", "a settled"]);
  bob.sees("[Channel_Message alice: hi]");
});

scenario("a send that is repeated under one name is one message", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const { ids, states } = watch(alice);
  alice.does(message("bob", "hi", "key"), "a");
  alice.does(message("bob", "hi", "key"), "b");
  world.runs(1000);
  alice.isKilled();
  alice.starts();
  world.runs(1000);
  alice.does(message("bob", "hi", "key"), "c");
  world.runs(1000);
  assertEquals(ids.size, 1);
  assertEquals(states.filter((state) => state.startsWith("b ")), ["b queued", "b settled"]);
  assertEquals(states.filter((state) => state.startsWith("c ")), ["c delivered", "c settled"]);
  assertEquals(bob.looks().filter((line) => line === "alice: hi").length, 1);
});

scenario("before the server has answered a script's message is in the outbox, and leaves later", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.isKilled();
  world.server.isKilled();
  alice.starts();
  const { ids, states } = watch(alice);
  alice.does(message("bob", "hi"), "a");
  world.runs(1000);
  assertEquals([states.splice(0), alice.keeps("outbox")], [["a queued"], 1]);
  alice.isKilled();
  world.server.starts();
  alice.starts();
  const [id = ""] = ids;
  alice.does({ type: "followMessage", id }, "b");
  world.runs(3000);
  assertEquals(states, ["b queued", "b settled", "undefined delivered"]);
  assertEquals(bob.looks().filter((line) => line === "alice: hi").length, 1);
});

scenario("a message to nobody fails: at once while the table is known, and otherwise later", (world) => {
  const { alice } = world.clients("alice");
  const { states } = watch(alice);
  alice.does(message("nobody", "hi"), "a");
  assertEquals(states.splice(0), ["a unknownPeer", "a settled"]);
  alice.isKilled();
  alice.starts();
  alice.does(message("nobody", "hi", "again"), "b");
  world.runs(20_000);
  assertEquals(states, ["b queued", "b failed unknown", "b unknownPeer", "b settled"]);
});

scenario("what a person has written can be followed as well, and of other ids nothing is known", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(1000);
  alice.types("send bob hi");
  world.runs(1000);
  const { states } = watch(alice);
  const [id = ""] = alice.outbox;
  alice.does({ type: "followMessage", id }, "a");
  alice.does({ type: "followMessage", id: id.replaceAll(/./g, "0") }, "b");
  assertEquals(states.splice(0), ["a stored", "a settled", "b unknownMessage", "b settled"]);
  bob.starts();
  world.runs(1000);
  assertEquals(states, ["undefined delivered"]);
});

scenario("what waits for a registration keeps its name, and is refused under it", (world) => {
  const { alice } = world.clients("alice");
  alice.isKilled();
  const { states } = watch(alice);
  alice.starts();
  alice.does({ type: "listPeers" }, "a");
  alice.does({ type: "deregister", nick: "bob" }, "b");
  assertEquals(states, []);
  world.runs(1000);
  assertEquals(states, ["a peersListed", "a settled", "b notYou", "b settled"]);
});

scenario(
  "a person who comes to a program that nobody looked at is shown what has come, until it was shown",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.isKilled();
    bob.isAttended = false;
    bob.starts();
    world.runs(1000);
    world.everybodyLooks();
    let last = 0;
    bob.onNotice = (notice) => void ("message" in notice && (last = notice.message.number));
    const date = alice.types("send bob one");
    world.runs(1000);
    bob.sees("alice: one");
    bob.does({ type: "attend", isAttended: true }, "a");
    bob.sees("[While you were away]", `alice: ${date} one`);
    // That screen may have been killed before it showed it.
    bob.does({ type: "attend", isAttended: true }, "b");
    bob.sees("[While you were away]", `alice: ${date} one`);
    bob.does({ type: "confirmShown", number: last }, "c");
    const second = alice.types("send bob two");
    world.runs(1000);
    bob.sees("alice: two");
    bob.does({ type: "attend", isAttended: false }, "d");
    const third = alice.types("send bob three");
    world.runs(1000);
    bob.sees("alice: three");
    bob.isKilled();
    bob.isAttended = true;
    bob.starts();
    const unseen = [`alice: ${second} two`, `alice: ${third} three`];
    assertEquals(bob.looks().slice(2), ["[While you were away]", ...unseen]);
  },
);

scenario("a program reads the journal from where it stopped, killed whenever", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const pages: string[][] = [];
  let place: number | undefined;
  bob.onNotice = (notice) => {
    if (notice.type !== "journalRead") return;
    pages.push(notice.page.events.map(({ text }) => text));
    place = notice.place;
  };
  const read = () => bob.does({ type: "readJournal", after: undefined, reader: "bot" }, "r");
  read();
  for (const text of ["one", "two"]) {
    alice.types(`send bob ${text}`);
    world.runs(1000);
  }
  read();
  bob.does({ type: "confirmEvents", reader: "bot", number: place! + 1 }, "c");
  bob.isKilled();
  bob.starts();
  world.runs(1000);
  read();
  assertEquals(pages, [[], ["one", "two"], ["two"]]);
  assertNotEquals(place, undefined);
});
