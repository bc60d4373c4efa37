/** The pace of piped commands: decided by the actions that a line gives, whatever its command is called. */
import { assertEquals } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { SCRIPT_COMMANDS } from "../../core/base/limits.ts";
import { Pace } from "../../terminal/pace.ts";

const MESSAGE: Action = { type: "sendDirect", to: "bob", text: "hi" };
const POST: Action = { type: "sendChannel", text: "hi" };
const PEERS: Action = { type: "listPeers" };

/** Hands lines over as a pipe does, one behind the other, and counts those that were not held up. */
class Script {
  readonly pace = new Pace();
  begun = 0;

  constructor(...lines: readonly (readonly Action[])[]) {
    this.#run(lines);
  }

  async #run(lines: readonly (readonly Action[])[]): Promise<void> {
    for (const actions of lines) {
      await this.pace.ready(actions);
      for (const _ of actions) this.pace.began();
      this.begun++;
    }
  }

  /** How many lines have been handed over once everything that can go on has gone on. */
  async count(): Promise<number> {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    return this.begun;
  }
}

Deno.test("messages overlap, directly and to the channel, from whatever command they come", async () => {
  assertEquals(await new Script([MESSAGE], [POST], [MESSAGE], [MESSAGE, POST]).count(), 4);
});

Deno.test("everything else waits until all before it is over, and messages wait for it", async () => {
  const script = new Script([MESSAGE], [MESSAGE], [PEERS], [MESSAGE]);
  assertEquals(await script.count(), 2);
  script.pace.settled();
  assertEquals(await script.count(), 2);
  script.pace.settled();
  assertEquals(await script.count(), 3);
  script.pace.settled();
  assertEquals(await script.count(), 4);
});

Deno.test("a line that gives a message and something else does not overlap", async () => {
  const script = new Script([MESSAGE], [MESSAGE, PEERS]);
  assertEquals(await script.count(), 1);
  script.pace.settled();
  assertEquals(await script.count(), 2);
});

Deno.test("a line that asks for nothing waits for what was before it", async () => {
  const script = new Script([MESSAGE], []);
  assertEquals(await script.count(), 1);
  script.pace.settled();
  assertEquals(await script.count(), 2);
});

Deno.test("only so many messages wait at a time", async () => {
  const script = new Script(...Array.from({ length: SCRIPT_COMMANDS + 2 }, () => [MESSAGE]));
  assertEquals(await script.count(), SCRIPT_COMMANDS);
  script.pace.settled();
  assertEquals(await script.count(), SCRIPT_COMMANDS + 1);
});
