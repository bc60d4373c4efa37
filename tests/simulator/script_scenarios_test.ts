/** Scripts that only send: `printf 'send bob hi\n' | client`. They are nobody's presence. */
import { assertEquals } from "@std/assert";
import { scenario, showing } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

scenario("a script writes to somebody who is online, and whose table does not change by that", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("quit");
  world.runs(200);
  world.everybodyLooks();
  const left = alice.offline;
  const began = world.now;
  alice.runsScript("send bob hi");
  world.runs(1000);
  // It goes by way of the server, although bob is online.
  alice.sees(
    `Client IP->${alice.host} Port->${alice.address.port}`,
    `Server IP->10.0.0.1 Port->9999`,
    WELCOME,
    ...world.table(left, bob.online),
    ...STORED,
    "[Exiting]",
  );
  alice.hasEnded(0);
  assertEquals(world.sent({ from: alice, to: bob }, began), []);
  bob.sees("alice: hi");
});

scenario("a script that was never there before, to somebody who is offline", (world) => {
  const { bob } = world.clients("bob");
  bob.types("quit");
  world.runs(200);
  world.everybodyLooks();
  const cron = world.client("cron");
  cron.runsScript("send bob backup done", "send_all to all", "quit");
  world.runs(1000);
  cron.hasEnded(0);
  assertEquals(
    cron.looks().slice(-7),
    [
      ...world.rows(bob.offline, cron.offline),
      ...STORED,
      "[Message received by Server.]",
      "[Exiting]",
    ].slice(-7),
  );
  bob.starts();
  world.runs(1000);
  const mail = bob.looks().filter((line) => line.includes("cron"));
  assertEquals(mail.map((line) => line.replace(/\d{4}-.{21} /, "")), [
    cron.offline,
    "cron: backup done",
    "[Channel_Message cron: to all]",
  ]);
});

scenario("the mail of whoever runs a script stays for the person", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("quit");
  world.runs(200);
  const date = bob.types("send alice dinner?");
  bob.types("send_all all of you");
  world.runs(200);
  world.everybodyLooks();
  alice.runsScript("send bob hi");
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("bob: ")), []);
  bob.sees("alice: hi");
  alice.starts();
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("bob: ")), [
    `bob: ${date} dinner?`,
    `[Channel_Message bob: ${date} all of you]`,
  ]);
});

scenario("what the person was not shown before the program was killed, the script does not show", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.diesBefore(showing("directReceived"));
  bob.types("send alice hi");
  // The server takes her for online until she has been silent for 75 s.
  world.runs(80_000);
  world.everybodyLooks();
  alice.runsScript("send bob hi");
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.startsWith("bob: ")), []);
  alice.hasEnded(0);
  alice.starts();
  world.runs(200);
  assertEquals(alice.looks().filter((line) => line.startsWith("bob: ")), ["bob: hi"]);
});

const IS_ONLINE = "[alice is online in another client: send from there, or end that one first.]";

scenario("the nick is online in another client: the script says so and ends with status 1", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const script = world.client("alice", { identity: alice.identity });
  script.runsScript("send bob hi");
  world.runs(1000);
  assertEquals(script.looks().slice(2), [IS_ONLINE, "[You are offline, 'reg alice' first.]"]);
  script.hasEnded(1);
  world.runs(60_000);
  for (const one of [alice, bob, world.server]) one.sees();
  alice.types("send bob still here");
  world.runs(100);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: still here");
});

scenario(
  "the person comes while a script is cut off: the script ends, and nobody else notices it",
  (world) => {
    const { bob } = world.clients("bob");
    const alice = world.client("alice");
    const script = world.client("alice", { identity: alice.identity });
    script.runsScript("send bob hi");
    world.runs(6);
    world.cut(script);
    alice.starts();
    world.runs(1000);
    world.everybodyLooks();
    world.mend(script);
    world.runs(5000);
    script.sees(IS_ONLINE, "[1 message waits and leaves at the next start.]", "[Exiting]");
    script.hasEnded(1);
    for (const one of [alice, bob, world.server]) one.sees();
    alice.types("send bob still here");
    world.runs(100);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: still here");
  },
);

scenario(
  "the server restarts while a script waits: it registers again by itself, and all is stored",
  (world) => {
    const { bob } = world.clients("bob");
    const alice = world.client("alice");
    alice.runsScript("send bob hi");
    world.runs(5);
    world.server.restarts();
    // bob registers again when he says that he is there.
    world.runs(35_000);
    assertEquals(alice.looks().slice(-3), [...STORED, "[Exiting]"]);
    alice.hasEnded(0);
    assertEquals(bob.looks().filter((line) => line.startsWith("alice: ")).length, 1);
  },
);

scenario("what a person has left behind leaves with the next script", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(alice);
  alice.types("send bob one");
  world.runs(100);
  alice.isKilled();
  alice.unsettled = 0;
  world.mend(alice);
  world.runs(80_000);
  world.everybodyLooks();
  alice.runsScript("send bob two");
  world.runs(1000);
  alice.hasEnded(0);
  assertEquals(bob.looks().filter((line) => line.startsWith("alice:")), ["alice: one", "alice: two"]);
});

scenario("a script whose recipient nobody knows says so, and sends the rest", (world) => {
  const { bob } = world.clients("bob");
  const alice = world.client("alice");
  alice.runsScript("send nobody hi", "send bob hi", "send alice to myself");
  world.runs(1000);
  assertEquals(alice.looks().slice(-6), [
    "[Unknown peer: nobody]",
    "alice: to myself",
    "[Message received by alice.]",
    ...STORED,
    "[Exiting]",
  ]);
  assertEquals(bob.looks().filter((line) => line.startsWith("alice: ")), ["alice: hi"]);
});
