/** Those whom many tests are about: alice and bob, who know each other, and mallory, who is nobody. */
import type { Person } from "./person.ts";
import { Speaker } from "./speaker.ts";
import { World } from "./world.ts";

export interface Cast {
  readonly world: World;
  readonly alice: Person;
  readonly bob: Person;
  readonly mallory: Speaker;
}

/** All screens are empty. Mallory signs everything as `mal`, which nobody has registered. */
export function aliceBobAndMallory(): Cast {
  const world = new World();
  const { alice, bob } = world.clients("alice", "bob");
  return { world, alice, bob, mallory: new Speaker(world, "mal") };
}
