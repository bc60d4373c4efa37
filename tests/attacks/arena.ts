/**
 * Where attacks take place: a world with real cryptography, whose clients meet the server for the first time.
 */
import { primitives } from "../../core/base/crypto.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import type { DirectWriting } from "../kit/author.ts";
import type { ServerProcessOptions } from "../kit/server_process.ts";
import { Speaker, type SpeakerOptions } from "../kit/speaker.ts";
import { World } from "../kit/world.ts";

export class Arena extends World {
  constructor(server: ServerProcessOptions = {}) {
    super({ primitives, server, clients: { serverKey: undefined, port: 20_000 } });
  }

  /** An attacker who is a member like all others. All screens are empty. */
  member(nick: Nick, options: SpeakerOptions = {}): Speaker {
    const member = new Speaker(this, nick, options);
    member.registers();
    this.everybodyLooks();
    return member;
  }

  /** What somebody says directly to a member, who is as the server's table says unless told otherwise. */
  direct(by: Speaker, to: Nick, text: string, said: Partial<DirectWriting> = {}): VerbOf<"direct"> {
    const addressee = { ...this.server.bundleOf(to), nick: to };
    return by.direct({ to: addressee, text, serverKey: this.server.key, ...said });
  }
}
