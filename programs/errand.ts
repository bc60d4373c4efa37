/** A program that asks a server for one thing, says what is to be said, and ends with the answer. */
import type { Millis } from "../core/base/units.ts";
import type { Machine } from "../core/machine.ts";
import { type Notice, render } from "../core/notice.ts";
import { drive } from "../transport/driver.ts";
import { bindUdp } from "../transport/udp.ts";
import { startMachine, type World } from "./world.ts";

/** Runs the machine on any free port of the address `host`. Returns the exit status. */
export async function runErrand(
  host: string,
  world: World,
  make: (now: Millis) => Machine,
  show = (notice: Notice) => say(notice, world),
): Promise<number> {
  using cleanup = new DisposableStack();
  const socket = cleanup.adopt(bindUdp(host, 0, "-c"), (it) => it.close());
  const { machine, now } = startMachine(world, undefined, make);
  const driver = drive({ machine, socket, store: undefined, now, wall: world.wall, show });
  world.onEndingSignal(() => driver.act({ type: "leave" }));
  return await driver.ended;
}

/** Writes the lines of a notice, those of failures on standard error. */
export function say(notice: Notice, { utcOffset }: World): void {
  const { stream, lines } = render(notice, utcOffset);
  for (const line of lines) (stream === "error" ? console.error : console.log)(line);
}
