import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { primitives } from "../../../core/base/crypto.ts";
import { PREKEY_LIFE_MS, PREKEY_MS } from "../../../core/base/limits.ts";
import { Prekeys } from "../../../core/client/prekeys.ts";
import type { Output } from "../../../core/machine.ts";
import { type Bundle, isGenuine } from "../../../core/messages/identity.ts";
import { prekeyId } from "../../../core/messages/letter_form.ts";
import { Author } from "../../kit/author.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";

const NOW = 1_700_000_000_000;

/** Somebody who makes prekeys, on his disk. */
class Owner {
  readonly #dice = seededDice();
  readonly #person = new Author(primitives, this.#dice, "Zoë");
  recorded: Recorded;
  prekeys: Prekeys;

  constructor(recorded = new Recorded()) {
    this.recorded = recorded;
    this.prekeys = this.#start();
  }

  #start(): Prekeys {
    return new Prekeys({
      primitives,
      random: (count) => this.#dice.bytes(count),
      effects: this.recorded.effects,
      identity: this.#person.identity,
      nick: this.#person.nick,
    });
  }

  /** The process is killed and started again with what is on disk. */
  restarts(): void {
    this.recorded.perform(NOW);
    this.recorded = this.recorded.restarted();
    this.prekeys = this.#start();
  }

  /** A bundle that was made in another place of the same identity. */
  elsewhere(counter: number): Bundle {
    return this.#person.identity.bundle(this.#person.nick, "5e".repeat(32), NOW, counter);
  }

  /** Whether a letter under this bundle can be opened. */
  opens({ prekey }: Bundle): boolean {
    const found = this.prekeys.keyPairOf(prekeyId(prekey));
    if (found !== undefined) assertEquals(found.publicKey.toHex(), prekey);
    return found !== undefined;
  }

  /** Sweeps, and what is destroyed. */
  sweep(now: number): Output[] {
    this.recorded.perform(now);
    this.prekeys.destroyOld(now);
    const outputs = this.recorded.effects.takeOutputs(now, []);
    for (const { key } of outputs.filter((output) => output.type === "destroy")) {
      this.recorded.disk.commit([{ type: "forget", key }]);
    }
    return outputs;
  }
}

Deno.test("the first bundle has a new prekey, of this instant, and is genuine", () => {
  const { prekeys } = new Owner();
  const bundle = prekeys.bundle(NOW + 0.5);
  assertEquals(bundle.prekeyAt, NOW);
  assert(isGenuine(primitives, "Zoë", bundle));
});

Deno.test("the secret of a prekey is saved in the step in which its bundle is made", () => {
  const owner = new Owner();
  const { prekey } = owner.prekeys.bundle(NOW);
  const outputs = owner.recorded.effects.takeOutputs(NOW, []);
  assertEquals(outputs.map((output) => "key" in output && [output.type, output.key]), [[
    "save",
    `prekey/${prekey}`,
  ]]);
  owner.prekeys.bundle(NOW + 1);
  assertEquals(owner.recorded.effects.takeOutputs(NOW + 1, []), []);
});

Deno.test("the bundle is the same for a day, and then there is a new prekey", () => {
  const { prekeys } = new Owner();
  const first = prekeys.bundle(NOW);
  assertEquals(prekeys.renewAt, NOW + PREKEY_MS);
  for (const after of [1, 3600_000, PREKEY_MS - 1]) assertEquals(prekeys.bundle(NOW + after), first);
  const second = prekeys.bundle(NOW + PREKEY_MS);
  assertNotEquals(second.prekey, first.prekey);
  assertEquals(second.prekeyAt, NOW + PREKEY_MS);
  assert(isGenuine(primitives, "Zoë", second));
  assertEquals(prekeys.renewAt, NOW + 2 * PREKEY_MS);
});

Deno.test("the counter of bundles grows by one with each prekey, also over a restart", () => {
  const owner = new Owner();
  const counterAt = (day: number) => owner.prekeys.bundle(NOW + day * PREKEY_MS).counter;
  assertEquals([counterAt(0), counterAt(0.5), counterAt(1)], [1, 1, 2]);
  owner.restarts();
  assertEquals([counterAt(1), counterAt(2)], [2, 3]);
});

Deno.test("a bundle of ours that is newer, or as new and another, is replaced by a still newer one", () => {
  for (const counter of [1, 2, 7]) {
    const owner = new Owner();
    const first = owner.prekeys.bundle(NOW);
    assert(owner.prekeys.replaceOlder(NOW + 1, owner.elsewhere(counter)));
    const second = owner.prekeys.bundle(NOW + 1);
    assertNotEquals(second.prekey, first.prekey);
    assertEquals(second.counter, counter + 1);
    assert(isGenuine(primitives, "Zoë", second));
    owner.restarts();
    assertEquals(owner.prekeys.bundle(NOW + 1), second);
    assert(owner.opens(first));
    // Once more, the same answer says nothing new.
    assertEquals(owner.prekeys.replaceOlder(NOW + 2, owner.elsewhere(counter)), false);
  }
});

Deno.test("no bundle makes us replace ours that is ours itself, older, not signed, or somebody else's", () => {
  const owner = new Owner();
  owner.prekeys.bundle(NOW);
  const own = owner.prekeys.bundle(NOW + PREKEY_MS);
  const newer = owner.elsewhere(9);
  const other = new Author(primitives, seededDice(), "Zoë", { secrets: new Uint8Array(64), counter: 9 });
  const bundles = [own, owner.elsewhere(1), { ...newer, counter: 10 }, { ...own, counter: 9 }, other.bundle];
  for (const bundle of bundles) {
    assertEquals(owner.prekeys.replaceOlder(NOW + PREKEY_MS, bundle), false);
    assertEquals(owner.prekeys.bundle(NOW + PREKEY_MS), own);
  }
});

Deno.test("before there is a prekey one is due at once", () => {
  assertEquals(new Owner().prekeys.renewAt, -Infinity);
});

Deno.test("a clock that is set back by less than a day changes nothing; by a day or more, there is a new prekey", () => {
  const { prekeys } = new Owner();
  const first = prekeys.bundle(NOW);
  assertEquals(prekeys.bundle(NOW - PREKEY_MS + 1), first);
  const second = prekeys.bundle(NOW - PREKEY_MS);
  assertNotEquals(second.prekey, first.prekey);
  assertEquals(second.prekeyAt, NOW - PREKEY_MS);
  assertEquals(prekeys.renewAt, NOW);
});

Deno.test("letters under each prekey of the last weeks open, under others none", () => {
  const owner = new Owner();
  const bundles = Array.from({ length: 10 }, (_, day) => owner.prekeys.bundle(NOW + day * PREKEY_MS));
  for (const bundle of bundles) assert(owner.opens(bundle));
  assertEquals(owner.prekeys.keyPairOf("00".repeat(8)), undefined);
});

Deno.test("the bundle survives a restart, and so do the prekeys before it", () => {
  const owner = new Owner();
  const first = owner.prekeys.bundle(NOW);
  const second = owner.prekeys.bundle(NOW + PREKEY_MS);
  owner.restarts();
  assertEquals(owner.prekeys.renewAt, NOW + 2 * PREKEY_MS);
  assertEquals(owner.prekeys.bundle(NOW + 2 * PREKEY_MS - 1), second);
  for (const bundle of [first, second]) assert(owner.opens(bundle));
  const third = owner.prekeys.bundle(NOW + 2 * PREKEY_MS);
  assertNotEquals(third.prekey, second.prekey);
});

Deno.test("a prekey is kept for 45 days after it was superseded, and destroyed then", () => {
  const owner = new Owner();
  const first = owner.prekeys.bundle(NOW);
  // Nobody was there for long: it is superseded at the next start, and counts from then.
  const superseded = NOW + 100 * PREKEY_MS;
  assertEquals(owner.sweep(superseded), []);
  const second = owner.prekeys.bundle(superseded + 0.5);
  assertEquals(owner.sweep(superseded + PREKEY_LIFE_MS - 1), []);
  assert(owner.opens(first));
  const key = `prekey/${first.prekey}`;
  assertEquals(owner.sweep(superseded + PREKEY_LIFE_MS), [{ type: "destroy", key }]);
  assertEquals([owner.opens(first), owner.opens(second)], [false, true]);
  owner.restarts();
  assertEquals([owner.opens(first), owner.opens(second)], [false, true]);
  assertEquals(owner.sweep(superseded + PREKEY_LIFE_MS), []);
});

Deno.test("when a prekey was superseded is known after a restart", () => {
  const owner = new Owner();
  const first = owner.prekeys.bundle(NOW);
  owner.prekeys.bundle(NOW + PREKEY_MS);
  owner.restarts();
  assertEquals(owner.sweep(NOW + PREKEY_MS + PREKEY_LIFE_MS - 1), []);
  const key = `prekey/${first.prekey}`;
  assertEquals(owner.sweep(NOW + PREKEY_MS + PREKEY_LIFE_MS), [{ type: "destroy", key }]);
});

Deno.test("the current prekey is never destroyed, however old it is", () => {
  const owner = new Owner();
  const bundle = owner.prekeys.bundle(NOW);
  assertEquals(owner.sweep(NOW + 1000 * PREKEY_LIFE_MS), []);
  assert(owner.opens(bundle));
});

Deno.test("after a year of daily prekeys those of 45 days, and today's, are left", () => {
  const owner = new Owner();
  for (let day = 0; day < 365; day++) {
    owner.prekeys.bundle(NOW + day * PREKEY_MS);
    owner.sweep(NOW + day * PREKEY_MS);
  }
  assertEquals(owner.recorded.records("prekey").length, PREKEY_LIFE_MS / PREKEY_MS + 1);
});

Deno.test("a damaged record is as good as none", () => {
  const { prekeys } = new Owner(new Recorded([[`prekey/${"07".repeat(32)}`, new Uint8Array(43)]]));
  assertEquals(prekeys.renewAt, -Infinity);
});
