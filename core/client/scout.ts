/**
 * Finds out which key the server at an address has: the first packet under a key proves that somebody holds
 * it. Until then nothing is made or moved on disk for that server.
 */
import type { Millis, Random } from "../base/units.ts";
import type { Nick } from "../messages/nick.ts";
import { Errand, type ErrandOptions } from "./errand.ts";

export class Scout extends Errand {
  constructor(now: Millis, options: ErrandOptions & { readonly nick: Nick }, random: Random) {
    // A leave changes nothing for a client that is not registered, and is acknowledged like any verb.
    super(now, options, random, { type: "leave", nick: options.nick, turn: 1 });
  }

  protected override answered(): void {
    this.effects.exit(0);
  }
}
