/** Real programs on real bad networks, where the machine allows it. */
import { assertEquals } from "@std/assert";
import { BadNetwork } from "../kit/bad_networks/network.ts";
import { describe, play, SCENARIOS } from "../kit/bad_networks/scenarios.ts";

const whyNot = await BadNetwork.whyNot();

for (const scenario of SCENARIOS) {
  Deno.test({
    name: scenario.name + (whyNot === undefined ? "" : ` (left out: ${whyNot})`),
    ignore: whyNot !== undefined,
    fn: async () => {
      const figures = await play(scenario);
      console.log(describe(scenario, figures));
      assertEquals([figures.delivered, figures.doubled], [figures.sent, 0]);
    },
  });
}
