import { assertEquals } from "@std/assert";
import { Oracle } from "./oracle.ts";

Deno.test("what was accepted or acknowledged is missed until it is shown, by everybody it was for", () => {
  const oracle = new Oracle(["alice", "bob", "carol"]);
  const [lost, post, direct] = [
    oracle.writes("alice", "bob"),
    oracle.writes("alice"),
    oracle.writes("bob", "carol"),
  ];
  oracle.accepts("alice", [post], 0);
  oracle.sees("bob", `[Message received by carol: "${direct}".]`);
  assertEquals([lost, post, direct], ["m0", "m1", "m2"]);
  assertEquals(oracle.missing(), [
    "bob misses m1 of alice",
    "carol misses m1 of alice",
    "carol misses m2 of bob",
  ]);
  oracle.sees("bob", "[Channel_Message, not sealed, alice: 2022-03-22 21:35:00.000000 m1]");
  oracle.sees("carol", "[Channel_Message alice: m1]");
  oracle.sees("carol", "bob: m2");
  assertEquals([oracle.missing(), oracle.failures], [[], []]);
});

Deno.test("a line comes once more only if the killed program had no commit after it", () => {
  const oracle = new Oracle(["alice", "bob"]);
  for (let count = 0; count < 3; count++) oracle.writes("alice", "bob");
  oracle.sees("bob", "alice: m0");
  const before = oracle.shownBy("bob");
  oracle.sees("bob", "alice: m1");
  oracle.accepts("bob", [], before);
  oracle.killed("bob");
  // The next run ends before it shows anything.
  oracle.killed("bob");
  for (const text of ["m1", "m1", "m0", "m2"]) oracle.sees("bob", `alice: ${text}`);
  assertEquals(oracle.repeats, 1);
  assertEquals(oracle.failures, ["bob sees once more: alice: m1", "bob sees once more: alice: m0"]);
});

Deno.test("order, strangers' words and complaints of the program are failures", () => {
  const oracle = new Oracle(["alice", "bob"]);
  for (let count = 0; count < 2; count++) oracle.writes("alice", "bob");
  const lines = ["alice: m1", "alice: m0", "bob: m1", "[2 channel messages from alice are missing.]"];
  for (const line of lines) oracle.sees("bob", line);
  assertEquals(oracle.failures, [
    "bob sees too late: alice: m0",
    "bob sees what was not written to them: bob: m1",
    "bob sees [2 channel messages from alice are missing.]",
  ]);
});

Deno.test("what was said to be missing may come late, and nothing else", () => {
  const oracle = new Oracle(["alice", "bob"]);
  for (let count = 0; count < 4; count++) oracle.writes("alice", "bob");
  const missing = "[A message from alice is missing.]";
  for (const line of [missing, "alice: m1", "alice: m0", "alice: m3", "alice: m2"]) oracle.sees("bob", line);
  assertEquals([oracle.failures, oracle.late], [["bob sees too late: alice: m2"], 1]);
});
