/** Real programs behind NATs of four kinds, where the machine allows it; says how long messages took. */
import { assertEquals } from "@std/assert";
import { BadNetwork } from "../kit/bad_networks/network.ts";
import { describe, PLACES, start, travel } from "../kit/bad_networks/nats.ts";

const whyNot = await BadNetwork.whyNot();

Deno.test({
  name: "two behind NATs write directly wherever there is a way" +
    (whyNot === undefined ? "" : ` (left out: ${whyNot})`),
  ignore: whyNot !== undefined,
  fn: async () => {
    await using network = await start();
    for (const [number, place] of PLACES.entries()) {
      const journey = await travel(network, place, number);
      console.log(describe(place, journey));
      assertEquals(journey.way, place.isDirect ? "direct" : "mailbox", place.name);
    }
  },
});
