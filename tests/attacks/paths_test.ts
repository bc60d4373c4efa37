/** Attacks on paths: who sees somebody's packets and sends copies of them does not become that somebody. */
import { assert, assertEquals } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import type { Address } from "../../core/base/units.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

const OBSERVER: Address = { host: "10.66.6.6", port: 66 };

Deno.test("attack: copies of all that a client sends come first, from the observer's address: nothing goes there", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  let drawn = 0;
  // What comes to him he hands on, so that the client answers.
  arena.network.bind(OBSERVER, (_from, bytes) => {
    drawn += bytes.length;
    arena.network.send(OBSERVER, alice.address, bytes);
  });
  let copied = 0;
  arena.passes = ({ from, to, bytes }) => {
    if (!equalAddresses(from, alice.address) || !equalAddresses(to, SERVER)) return true;
    copied += bytes.length;
    arena.network.send(OBSERVER, SERVER, bytes);
    return true;
  };
  for (let count = 0; count < 50; count++) {
    alice.posts(`a${count}`);
    bob.posts(`b${count}`);
    arena.runs(1000);
    assert(alice.looks().includes(`[Channel_Message bob: b${count}]`), `b${count}`);
  }
  assert(!bob.looks().some((line) => line.includes(OBSERVER.host)));
  assert(copied > 0);
  // He gets challenges, and no posts.
  assert(drawn < copied, `${drawn} bytes for ${copied}`);
  arena.passes = () => true;
  arena.everybodyLooks();
  alice.posts("still here");
  arena.runs(1000);
  assertEquals(bob.looks(), ["[Channel_Message alice: still here]"]);
});
