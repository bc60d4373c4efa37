import { assertEquals } from "@std/assert";
import { Attempts } from "../../../core/client/attempts.ts";

const NEVER = -Infinity;
const NO_SAMPLE = () => 0;

Deno.test("five attempts, half a second apart, for a command: then it gives up", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(1000, "register", true);
  assertEquals(attempts.deadline(NEVER), 3500);
  assertEquals(attempts.check(3499, NEVER), undefined);
  assertEquals(attempts.check(3500, NEVER), "give up");
});

Deno.test("any packet from the server begins the count again", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(1000, "send", true);
  assertEquals(attempts.check(3500, 2000), undefined);
  assertEquals(attempts.deadline(2000), 4500);
  assertEquals(attempts.check(4500, 2000), "give up");
});

Deno.test("what was answered is waited for no longer", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(0, "a", true);
  attempts.wait(0, "b", true);
  attempts.done("a");
  attempts.clear();
  assertEquals(attempts.deadline(NEVER), Infinity);
  assertEquals(attempts.check(1e9, NEVER), undefined);
});

Deno.test("what the client does by itself only says, once, that the server is silent", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(0, "deposit", false);
  assertEquals(attempts.check(2500, NEVER), "say silent");
  assertEquals(attempts.check(9000, NEVER), undefined);
  assertEquals(attempts.deadline(NEVER), Infinity);
  attempts.wait(9000, "another", false);
  assertEquals(attempts.check(20_000, NEVER), undefined);
});

Deno.test("a server that was heard and fell silent again is told of again", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(0, "deposit", false);
  assertEquals(attempts.check(2500, NEVER), "say silent");
  assertEquals(attempts.deadline(5000), 7500);
  assertEquals(attempts.check(7500, 5000), "say silent");
});

Deno.test("a repeat does not begin the count again, the user's command does", () => {
  const attempts = new Attempts(5, NO_SAMPLE);
  attempts.wait(0, "message", false);
  attempts.wait(1000, "message", false);
  assertEquals(attempts.deadline(NEVER), 2500);
  attempts.wait(2000, "message", true);
  assertEquals(attempts.deadline(NEVER), 4500);
  attempts.wait(3000, "message", false);
  assertEquals(attempts.check(4500, NEVER), "give up");
});

Deno.test("0 attempts: never give up", () => {
  const attempts = new Attempts(0, NO_SAMPLE);
  attempts.wait(0, "register", true);
  assertEquals(attempts.deadline(NEVER), Infinity);
  assertEquals(attempts.check(1e12, NEVER), undefined);
});

Deno.test("on a slow path attempts are a probe timeout apart, and never less than half a second", () => {
  let probeTimeout = 1200;
  const attempts = new Attempts(5, () => probeTimeout);
  attempts.wait(0, "register", true);
  assertEquals(attempts.deadline(NEVER), 6000);
  assertEquals(attempts.check(5999, NEVER), undefined);
  assertEquals(attempts.check(6000, NEVER), "give up");
  probeTimeout = 30;
  assertEquals(attempts.deadline(NEVER), 2500);
});

Deno.test("somebody who may be typing is warned, and has a while to say that the client stays", () => {
  const attempts = new Attempts(5, NO_SAMPLE, 2500);
  attempts.wait(0, "deregister", true);
  assertEquals(attempts.stay(NEVER), false);
  assertEquals(attempts.check(2500, NEVER), "say silent");
  assertEquals(attempts.deadline(NEVER), 5000);
  assertEquals(attempts.check(4999, NEVER), undefined);
  assertEquals(attempts.check(5000, NEVER), "give up");
  assertEquals(attempts.stay(NEVER), true);
  attempts.wait(5000, "deregister", true);
  assertEquals([attempts.deadline(NEVER), attempts.check(1e9, NEVER)], [Infinity, undefined]);
  attempts.heard();
  attempts.wait(2e9, "register", true);
  assertEquals(attempts.check(2e9 + 2500, 1e9 + 1), "say silent");
});

Deno.test("with no end of attempts somebody who may be typing is told once that the server is silent", () => {
  const attempts = new Attempts(0, NO_SAMPLE, 2500);
  attempts.wait(0, "register", true);
  assertEquals(attempts.check(2500, NEVER), "say silent");
  assertEquals([attempts.deadline(NEVER), attempts.check(1e9, NEVER)], [Infinity, undefined]);
});
