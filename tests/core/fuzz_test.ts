/**
 * Strangers throw bytes at a client and a server that are in use: random ones, real datagrams changed, and real
 * datagrams again. Nothing throws, nobody gets more than he sent, and nothing changes for those who talk.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import type { Address } from "../../core/machine.ts";
import { Dice } from "../simulator/random.ts";
import { mutated } from "./samples.ts";
import { Scene } from "./scene.ts";
import { seededDice } from "./seed.ts";

const ROUNDS = 4000;

function inUse(dice: Dice): Scene {
  const scene = new Scene(dice.below(2 ** 32));
  for (const nick of ["alice", "bob", "carol"]) scene.client(nick);
  talk(scene);
  scene.act("carol", { type: "deregister", nick: "carol" });
  scene.act("alice", { type: "sendDirect", to: "carol", text: "mail" });
  scene.run(3000);
  for (const name of ["SERVER", "alice", "bob", "carol"]) scene.lines(name);
  return scene;
}

function talk(scene: Scene): void {
  scene.act("alice", { type: "sendDirect", to: "bob", text: "hi" });
  scene.act("bob", { type: "sendChannel", text: "all" });
  scene.run(100);
}

function assertAllIsAsBefore(scene: Scene): void {
  // Nobody came or went.
  assertEquals(scene.lines("SERVER").filter((line) => !/datagrams? dropped/.test(line)), []);
  for (const name of ["alice", "bob", "carol"]) assertEquals(scene.lines(name), [], name);
  talk(scene);
  assertEquals(scene.lines("bob"), ["alice: hi", "[Message received by Server.]"]);
  assertEquals(scene.lines("alice").toSorted(), ["[Channel_Message bob: all]", "[Message received by bob.]"]);
}

for (const target of ["SERVER", "alice"]) {
  Deno.test(`${target}: bytes from strangers' addresses`, () => {
    const dice = seededDice();
    const scene = inUse(dice);
    const real = scene.carried.map(({ bytes }) => bytes);
    for (let round = 0; round < ROUNDS; round++) {
      const stranger: Address = { host: `10.66.${dice.below(4)}.6`, port: 1 + dice.below(50) };
      const bytes = dice.pick([
        () => dice.bytes(dice.below(60)),
        () => dice.pick(real),
        () => mutated(dice, dice.pick(real)),
        () => Uint8Array.of(0x11 + dice.below(3), ...dice.bytes(dice.below(60))),
      ])();
      const back = scene.inject(target, stranger, bytes);
      assertLessOrEqual(back.reduce((sum, one) => sum + one.length, 0), bytes.length);
      assert(!Number.isNaN(scene.deadlineOf(target)));
      if (round % 100 === 0) scene.run(20);
    }
    const { length } = scene.carried;
    scene.run(10_000);
    // Nothing goes on echoing.
    assertLess(scene.carried.length - length, 50);
    assertAllIsAsBefore(scene);
  });

  Deno.test(`${target}: real datagrams repeated and changed, from the address they came from`, () => {
    const dice = seededDice();
    const scene = inUse(dice);
    const to = target === "SERVER" ? "10.0.0.1" : scene.addressOf(target).host;
    const real = scene.carried.filter((datagram) => datagram.to.host === to);
    for (let round = 0; round < ROUNDS; round++) {
      const { from, bytes } = dice.pick(real);
      // The header stays: so many of them reach the link, and some the verbs.
      const changed = dice.happens(0.5)
        ? bytes
        : Uint8Array.of(...bytes.subarray(0, 21), ...mutated(dice, bytes.subarray(21)));
      scene.inject(target, from, changed);
      assert(scene.deadlineOf(target) > 0);
      if (round % 50 === 0) scene.run(20);
    }
    scene.run(120_000);
  });

  Deno.test(`${target}: any bytes behind a token that is good`, () => {
    const dice = seededDice();
    const scene = inUse(dice);
    const mallory = scene.voice("mallory");
    const to = scene.addressOf(target);
    scene.say("mallory", to, { type: "keepAlive", nick: "mallory" });
    const { host } = scene.addressOf("mallory");
    const real = scene.carried.filter(({ from, bytes }) => from.host === host && bytes[0] === 0x13);
    const header = real[0]!.bytes.subarray(0, 21);
    const verbs = scene.carried.filter(({ bytes }) => bytes[0] === 0x13).map(({ bytes }) =>
      bytes.subarray(21)
    );
    for (let round = 0; round < ROUNDS; round++) {
      const rest = dice.happens(0.3) ? dice.bytes(dice.below(80)) : mutated(dice, dice.pick(verbs));
      scene.inject(target, scene.addressOf("mallory"), Uint8Array.of(...header, ...rest));
      if (round % 50 === 0) scene.run(20);
    }
    scene.run(10_000);
    assert(mallory.heard.length < ROUNDS);
  });
}
