/** Two people behind translators of addresses (NATs): which way their messages take, and how soon they come. */
import type { Millis } from "../../core/base/units.ts";
import { Nat, NAT_KINDS, type NatKind } from "../kit/nat.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const DELAY: Millis = 20;

const homeOf = (p: Person) => p.host;
/** Alice and bob, each behind a NAT of this kind, with the server outside. */
function behindNats(world: World, ofAlice: NatKind, ofBob: NatKind): { alice: Person; bob: Person } {
  world.network.weather = { ...world.network.weather, delay: DELAY };
  const [alice, bob] = [world.client("alice"), world.client("bob")];
  for (
    const [person, kind, outside] of [[alice, ofAlice, "198.51.100.1"], [bob, ofBob, "203.0.113.1"]] as const
  ) {
    world.network.translate(new Nat(kind, outside, [homeOf(person)]));
    person.starts();
    world.runs(500);
  }
  world.everybodyLooks();
  return { alice, bob };
}

for (const ofAlice of NAT_KINDS) {
  for (const ofBob of NAT_KINDS) {
    scenario(`${ofAlice} writes to ${ofBob}`, (world) => {
      const { alice, bob } = behindNats(world, ofAlice, ofBob);
      const times: Millis[] = [];
      const lines: string[][] = [];
      for (let count = 1; count <= 10; count++) {
        alice.types(`send bob ${count}`);
        times.push(world.runsUntil(() => bob.looks().some((line) => line.endsWith(` ${count}`)), 3000));
        world.runs(1000);
        lines.push(alice.looks());
      }
      console.log(ofAlice, "->", ofBob, times.map(Math.round).join(), JSON.stringify(lines[9]));
    });
  }
}
