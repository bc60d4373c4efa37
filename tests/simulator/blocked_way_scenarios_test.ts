/** The direct way to a peer is blocked, wholly or in part: that is remembered, and it is tried again. */
import { assertEquals } from "@std/assert";
import type { Person } from "../kit/person.ts";
import type { SeenDatagram } from "../kit/datagram.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const NO_ACK = "[No ACK from bob, message sent to server.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
const RECEIVED = "[Message received by bob.]";

/** What does not get through between the two. */
const BLOCKS: Readonly<Record<string, (datagram: SeenDatagram, bob: Person) => boolean>> = {
  "everything": () => true,
  "everything to bob": ({ to }, bob) => bob.isAt(to),
  "everything from bob": ({ from }, bob) => bob.isAt(from),
  "all but handshakes": ({ kinds }) => !kinds.includes("initiation") && !kinds.includes("response"),
  "messages": ({ kinds }) => kinds.includes("direct"),
};

/** How long it takes until bob sees what alice sends. */
function timeOf(world: World, alice: Person, bob: Person, text: string): number {
  const began = world.now;
  alice.types(`send bob ${text}`);
  while (!bob.looks().includes(`alice: ${text}`)) world.runs(1);
  return world.now - began;
}

for (const [what, isBlocked] of Object.entries(BLOCKS)) {
  scenario(`${what} between two is blocked: half a second and four lines once, then one line`, (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    const isBetween = ({ from, to }: SeenDatagram) =>
      [from, to].every((address) => alice.isAt(address) || bob.isAt(address));
    world.passes = (datagram) => !(isBetween(datagram) && isBlocked(datagram, bob));
    const times = [1000, 6000, 31_000, 200_000, 1000].map((wait) => {
      const time = timeOf(world, alice, bob, `after ${wait}`);
      world.runs(wait);
      return time > 100;
    });
    assertEquals(times, [true, false, false, false, false]);
    alice.sees(NO_ACK, ...STORED, "[bob has collected 1 message.]", ...Array(4).fill(RECEIVED));
    // It is tried with each message. Once one is answered directly, the server gets no more.
    world.passes = () => true;
    // The first one may still be collected from the server before there is a session.
    for (const text of ["the session", "the answer"]) {
      timeOf(world, alice, bob, text);
      world.runs(10_000);
    }
    const began = world.now;
    timeOf(world, alice, bob, "again");
    world.runs(1000);
    alice.sees(RECEIVED, RECEIVED, RECEIVED);
    assertEquals(world.sent({ kind: "deposit" }, began).length, 0);
  });
}

scenario(
  "bob has gone without a word: after half a second the user is told that the server has it",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cut(bob);
    alice.types("send bob one");
    world.runs(1000);
    alice.sees(NO_ACK, ...STORED);
    alice.types("send bob two");
    world.runs(400);
    alice.sees();
    world.runs(200);
    alice.sees(...STORED);
  },
);

scenario("the process ends before that: it says what it knows", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  alice.types("send bob one");
  world.runs(1000);
  alice.types("send bob two");
  world.runs(100);
  alice.looks();
  alice.pressesCtrlC();
  alice.sees(...STORED, "[Exiting]");
});
