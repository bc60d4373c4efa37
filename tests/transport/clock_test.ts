import { assert, assertEquals } from "@std/assert";
import type { Millis } from "../../core/base/units.ts";
import { steadyClock } from "../../transport/clock.ts";

/** A computer whose clocks the test moves. */
class Computer {
  #awake = 500;
  #wall = 1_700_000_000_000;
  #up = 12_345_678;
  /** How often the uptime was asked for. */
  asked = 0;
  readonly now = steadyClock({
    monotonic: () => this.#awake,
    wall: () => this.#wall,
    uptime: () => {
      this.asked++;
      return Math.floor(this.#up / 1000) * 1000;
    },
  });

  runs(duration: Millis): void {
    this.#awake += duration;
    this.sleeps(duration);
  }

  sleeps(duration: Millis): void {
    this.#wall += duration;
    this.#up += duration;
  }

  setsClock(by: Millis): void {
    this.#wall += by;
  }
}

Deno.test("the clock goes on as time goes by, whatever is done to the wall clock", () => {
  const computer = new Computer();
  const began = computer.now();
  for (const by of [0, 730, -730, 0.5, -0.5]) {
    computer.setsClock(by * 86_400_000);
    const before = computer.now();
    computer.runs(250);
    assertEquals(computer.now() - before, 250);
  }
  assertEquals(computer.now() - began, 5 * 250);
});

Deno.test("the time that the computer has slept counts, but for some seconds", () => {
  for (const slept of [10_000, 8 * 3_600_000]) {
    const computer = new Computer();
    const began = computer.now();
    let missed = 0;
    for (let nap = 1; nap <= 20; nap++) {
      computer.sleeps(slept);
      computer.runs(77);
      missed = nap * (slept + 77) - (computer.now() - began);
      assert(missed >= 0 && missed <= 2_000 * nap, `${missed} after ${nap}`);
    }
  }
});

Deno.test("sleep counts although the wall clock was set as well", () => {
  const computer = new Computer();
  const began = computer.now();
  computer.sleeps(3_600_000);
  computer.setsClock(-86_400_000);
  const passed = computer.now() - began;
  assert(passed >= 3_598_000 && passed <= 3_600_000, String(passed));
});

Deno.test("as long as no clock leaps the uptime is not asked for again", () => {
  const computer = new Computer();
  for (let turn = 0; turn < 100; turn++) {
    computer.runs(1000);
    computer.now();
  }
  assertEquals(computer.asked, 1);
});

Deno.test("the clock of this computer goes forward, and may ask for the uptime", () => {
  const now = steadyClock();
  const before = now();
  assert(now() >= before);
});
