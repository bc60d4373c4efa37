/** What insiders say when they say something sensible, so that what is not meets a machine in the middle of its work. */
import type { Address } from "../../core/machine.ts";
import type { Verb, VerbType } from "../../core/verb.ts";
import type { Dice } from "../simulator/random.ts";
import { anyNick, anyVerb } from "./hostile.ts";

/** What somebody says, after what he heard last. */
export type Say = (dice: Dice, heard: readonly Verb[]) => Verb;

/** Somebody who is sensible except for this share of what he says. */
export function wild(share: number, say: Say): Say {
  return (dice, heard) => dice.happens(share) ? anyVerb(dice) : say(dice, heard);
}

/** The newest of its type. */
function newest<Type extends VerbType>(heard: readonly Verb[], ...types: Type[]) {
  const isOne = (verb: Verb): verb is Extract<Verb, { type: Type }> =>
    (types as string[]).includes(verb.type);
  return heard.findLast(isOne);
}

/** Ids as one process gives them to one recipient: `after` is the one before, or lacks some. */
class Ids {
  readonly #prefix: string;
  #count = 0;

  constructor(nick: string) {
    this.#prefix = `abcdef0001${nick.charCodeAt(nick.length - 1).toString(16).padStart(6, "0")}`;
  }

  next(dice: Dice): { id: string; after: string } {
    this.#count += dice.pick([1, 1, 1, 1, 2, 0]);
    return { id: this.#id(this.#count), after: this.#id(Math.max(0, this.#count - 1)) };
  }

  #id(count: number): string {
    return count === 0 ? "0".repeat(32) : this.#prefix + count.toString(16).padStart(16, "0");
  }
}

function anyText(dice: Dice): string {
  return "t".repeat(dice.pick([1, 10, 900]));
}

/** To a server. */
export function memberSays(nick: string): Say {
  const ids = new Ids(nick);
  let turn = 0;
  return (dice, heard) => {
    const stream = newest(heard, "registered", "letter", "channel");
    if (stream === undefined) {
      return { type: "register", nick, turn: ++turn, asked: dice.happens(0.7), candidates: [] };
    }
    const sentAt = dice.below(2 ** 40);
    switch (dice.below(12)) {
      case 0:
        return { type: dice.pick(["deregister", "leave"] as const), nick, turn: ++turn };
      case 1:
        return { type: "register", nick, turn: ++turn, asked: dice.happens(0.7), candidates: [] };
      case 2:
        return { type: "keepAlive", nick };
      case 3:
      case 4:
      case 5:
        return {
          type: "deposit",
          ...ids.next(dice),
          from: nick,
          to: anyNick(dice),
          sentAt,
          text: anyText(dice),
        };
      case 6:
      case 7:
        return { type: "post", id: ids.next(dice).id, from: nick, sentAt, text: anyText(dice) };
      case 8: {
        const collected = newest(heard, "collected");
        return { type: "noted", nick, ids: collected?.ids ?? [] };
      }
      case 9:
        return { type: "rowsSince", nick, version: { start: 0, counter: 0 } };
      default:
        return {
          type: "saved",
          nick,
          stream: stream.stream,
          position: "position" in stream ? stream.position : 0,
        };
    }
  };
}

export interface Other {
  readonly nick: string;
  readonly key: string;
  readonly address: Address;
}

/** To alice, as her server. */
export function serverSays(others: readonly Other[]): Say {
  const ids = new Ids("server");
  let [counter, stream, position] = [0, 0, 0];
  return (dice, heard) => {
    const since = { start: 1, counter };
    const sentAt = dice.below(2 ** 40);
    const message = newest(heard, "deposit", "post");
    switch (dice.below(10)) {
      case 0:
        if (newest(heard, "register") === undefined && dice.happens(0.9)) {
          return { type: "alive", version: since };
        }
        position = 0;
        return {
          type: "registered",
          nick: "alice",
          stream: ++stream,
          version: since,
          members: others.length,
          waiting: dice.below(3),
          dropped: dice.below(2),
        };
      case 1:
      case 2: {
        const rows = others.map(({ nick, key, address }, ordinal) => (
          { nick, key, ordinal, online: dice.happens(0.8), addresses: [address] }
        ));
        return { type: "rows", since, upTo: counter += dice.below(2), newest: counter, rows };
      }
      case 3:
        return { type: "stored", id: message?.id ?? ids.next(dice).id };
      case 4:
        return {
          type: "rejected",
          id: message?.id ?? ids.next(dice).id,
          reason: dice.pick(["quota", "unknown"]),
        };
      case 5:
        return { type: "collected", to: anyNick(dice), ids: message === undefined ? [] : [message.id] };
      case 6:
        return {
          type: dice.pick(["probe", "deregistered", "notRegistered", "replaced"] as const),
          nick: "alice",
        };
      default: {
        const place = { stream, position: ++position, waited: dice.happens(0.3) };
        const rest = { from: dice.pick(others).nick, sentAt, text: anyText(dice) };
        const { id, after } = ids.next(dice);
        return dice.happens(0.5)
          ? { type: "letter", ...place, id, after, ...rest }
          : { type: "channel", ...place, id, ...rest };
      }
    }
  };
}

/** To alice, as one of the others. */
export function peerSays(nick: string): Say {
  const ids = new Ids(nick);
  return (dice, heard) => {
    const direct = newest(heard, "direct");
    if (direct !== undefined && dice.happens(0.3)) {
      return { type: "receipt", id: direct.id, from: direct.to, to: direct.from };
    }
    const from = dice.happens(0.8) ? nick : anyNick(dice);
    return {
      type: "direct",
      ...ids.next(dice),
      from,
      to: "alice",
      sentAt: dice.below(2 ** 40),
      text: anyText(dice),
    };
  };
}
