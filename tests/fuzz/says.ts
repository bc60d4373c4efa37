/**
 * What insiders say when they say something sensible, so that what is not meets a machine in the middle of
 * its work.
 */
import type { Address } from "../../core/base/units.ts";
import { NO_LETTER } from "../../core/messages/letter_form.ts";
import { type Lineage, NO_LINEAGE, revocationOf, successionOf } from "../../core/messages/lineage.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { Row, Version } from "../../core/messages/table.ts";
import type { Verb, VerbOf, VerbType } from "../../core/messages/verb.ts";
import { OUTCOMES } from "../../core/messages/identity.ts";
import type { Dice } from "../kit/dice.ts";
import { depositNameOf } from "../kit/hostile_server.ts";
import { KEY } from "../kit/samples.ts";
import { anyNick, anyVerb } from "./hostile.ts";
import type { Liar } from "./lies.ts";
import type { Plot } from "./plot.ts";

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

/** To a server, on his way to what others have as well. */
export function memberSays(plot: Plot, liar: Liar): Say {
  const { me } = liar;
  let [nick, turn] = [me.nick, 0];
  return (dice, heard) => {
    nick = newest(heard, "registered")?.nick ?? nick;
    const stream = newest(heard, "registered", "letter", "channel");
    if (stream === undefined) return registration(dice, liar, ++turn);
    const [id, from] = [plot.anyId(dice), dice.happens(0.95) ? nick : anyNick(dice)];
    switch (dice.below(15)) {
      case 0:
        return { type: dice.pick(["deregister", "leave"] as const), nick, turn: ++turn };
      case 1:
        return registration(dice, liar, ++turn);
      case 2:
        return { type: "keepAlive", nick: from };
      case 3:
      case 4:
      case 5: {
        const to = anyNick(dice);
        return { type: "deposit", ...liar.anyLetter(dice, to), from, to };
      }
      case 6:
      case 7:
        return { type: "post", ...liar.anyPost(dice), from };
      case 8: {
        const collected = newest(heard, "collected");
        return {
          type: "noted",
          nick: from,
          receipts: collected?.receipts ?? [{ id, edition: dice.below(2), ephemeral: KEY }],
        };
      }
      case 9:
        return { type: "rowsSince", nick: from, version: { start: 0, counter: 0 } };
      case 10:
        return { type: "reach", nick: from, peer: anyNick(dice) };
      case 11:
      case 12: {
        const letter = newest(heard, "letter");
        const [of, to] = letter === undefined ? [id, anyNick(dice)] : [letter.id, letter.from];
        return { type: "receipt", to, ...liar.anyReceipt(dice, to, of), from };
      }
      case 13: {
        // Mostly of others, who have not signed it.
        const whose = dice.happens(0.1) ? me.nick : anyNick(dice);
        return { type: "revoke", nick: whose, ...revocationOf(me.identity, whose) };
      }
      default: {
        const position = "position" in stream ? stream.position : 0;
        return { type: "saved", nick: from, stream: stream.stream, position };
      }
    }
  };
}

/** Mostly under his own nick, and to come online. */
function registration(dice: Dice, liar: Liar, turn: number): VerbOf<"register"> | VerbOf<"sendOnly"> {
  const { me } = liar;
  const nick = dice.happens(0.8) ? me.nick : anyNick(dice);
  const bundle = dice.happens(0.8) ? me.bundleFor(nick) : liar.bundleAs(dice, nick);
  if (dice.happens(0.8)) {
    return {
      type: "register",
      nick,
      turn,
      asked: dice.happens(0.7),
      bundle,
      candidates: [],
      predecessors: [],
    };
  }
  const linkKey = dice.happens(0.8) ? me.identity.keyPair.publicKey.toHex() : bundle.prekey;
  const voucher = me.identity.voucher(nick, linkKey);
  return { type: "sendOnly", nick, turn, bundle, voucher, predecessors: [] };
}

export interface Other {
  readonly liar: Liar;
  readonly address: Address;
}

/** To alice, as her server, with the help of all others but one, whose messages it has. */
export function serverSays(plot: Plot, others: readonly Other[], honest: Liar): Say {
  const liars = others.map(({ liar }) => liar).filter((liar) => liar !== honest);
  let [counter, stream] = [0, 0];
  const answered = new Set<Verb>();
  return (dice, heard) => {
    const version = { start: 1, counter };
    const liar = dice.pick(liars);
    const given = newest(heard, "deposit", "post");
    const name = given === undefined ? { id: plot.anyId(dice), ...NO_LETTER } : depositNameOf(given);
    const { id } = name;
    const question = newest(heard, "register", "rowsSince", "lookup");
    if (question !== undefined && !answered.has(question) && dice.happens(0.8)) {
      answered.add(question);
      if (question.type === "rowsSince") return rows(dice, liar);
      if (question.type === "lookup") return found(dice, question.name, version);
      const news = { waiting: dice.below(3), dropped: dice.below(2) };
      return {
        type: "registered",
        nick: "alice",
        stream: ++stream,
        version,
        members: others.length,
        online: 1,
        isWhole: dice.happens(0.5),
        ...news,
      };
    }
    switch (dice.below(13)) {
      case 0:
        return dice.happens(0.5)
          ? { type: "alive", version }
          : { type: "counts", version, members: others.length, online: dice.below(9) };
      case 12: {
        const { liar: { me }, address } = dice.pick(others);
        return { type: "introduce", nick: "alice", key: me.bundle.key, addresses: [address] };
      }
      case 1:
      case 2:
        return rows(dice, liar);
      case 3:
        return { type: "stored", ...name };
      case 4:
        return { type: "rejected", ...name, reason: dice.pick(["quota", "unknown", "rate", "known"]) };
      case 5:
      case 6: {
        const receipts = Array.from({ length: 1 + dice.below(2) }, () => liar.anyReceipt(dice, "alice", id));
        return { type: "collected", to: receipts[0]!.from, receipts };
      }
      case 7:
        if (dice.happens(0.3)) {
          return { type: "olderBundle", nick: "alice", bundle: liar.bundleAs(dice, "alice") };
        }
        return {
          type: dice.pick(["deregistered", "notRegistered", "replaced"] as const),
          nick: "alice",
        };
      case 8:
      case 9: {
        const post = dice.happens(0.2) ? honest.post(dice) : liar.anyPost(dice);
        return { type: "channel", ...place(dice, heard), ...post };
      }
      default: {
        const letter = dice.happens(0.2) ? honest.letter(dice, "alice") : liar.anyLetter(dice, "alice");
        return { type: "letter", ...place(dice, heard), ...letter };
      }
    }
  };

  /** One of the next in the stream, as far as that is known. */
  function place(dice: Dice, heard: readonly Verb[]) {
    const saved = newest(heard, "saved");
    const position = (saved?.stream === stream ? saved.position : 0) + dice.below(4);
    return { stream, position, waited: dice.happens(0.3) };
  }

  function rows(dice: Dice, liar: Liar): Verb {
    const some = others.map((other, ordinal) => anyRow(dice, other, ordinal));
    if (dice.happens(0.1)) some.push({ ...some[0]!, nick: "alice", ...liar.bundleAs(dice, "alice") });
    const since = { start: 1, counter: dice.happens(0.7) ? 0 : counter };
    const upTo = counter += dice.below(2);
    return { type: "rows", since, upTo, newest: upTo + (dice.happens(0.05) ? 1 : 0), rows: some };
  }

  /** Mostly the row that is asked for, or that nobody has the nick. */
  function found(dice: Dice, name: string, version: Version): Verb {
    if (dice.happens(0.2)) return { type: "unknown", name };
    const ordinal = Math.max(0, others.findIndex(({ liar: { me } }) => me.nick === name));
    return { type: "found", version, rows: [anyRow(dice, others[ordinal]!, ordinal)] };
  }

  function anyRow(dice: Dice, { liar: { me }, address }: Other, ordinal: number): Row {
    const bundle = dice.happens(0.9) ? me.bundle : dice.pick(liars).bundleAs(dice, me.nick);
    return {
      nick: me.nick,
      skeleton: me.nick,
      ...bundle,
      ordinal,
      online: dice.happens(0.8),
      addresses: [address],
      ...anyLineage(dice, me),
    };
  }

  /** Mostly none; otherwise one that some liar has signed, for himself or in the place of somebody else. */
  function anyLineage(dice: Dice, me: Liar["me"]): Lineage {
    if (dice.happens(0.97)) return NO_LINEAGE;
    const { identity: liar } = dice.pick(liars).me;
    const identity = dice.pick([liar.publicKey, me.identity.publicKey]);
    const revocation = { ...revocationOf(liar, me.nick), identity };
    const predecessor = { ...successionOf(liar, liar, me.nick), identity };
    return {
      predecessors: dice.happens(0.5) ? [predecessor] : [],
      revocation: dice.happens(0.7) ? [revocation] : [],
    };
  }
}

/** To somebody, as one of the others, who also says what is not his to say. */
export function peerSays(plot: Plot, liar: Liar, to: Nick): Say {
  return (dice, heard) => {
    const direct = newest(heard, "direct");
    if (direct !== undefined && dice.happens(0.3)) {
      return dice.happens(0.5) ? liar.got(direct, dice.pick(OUTCOMES)) : liar.anyGot(dice, to);
    }
    if (dice.happens(0.1)) return liar.anyGot(dice, to);
    // What belongs to the way by the server means nothing here.
    if (dice.happens(0.05)) return { type: "receipt", to, ...liar.anyReceipt(dice, to, plot.anyId(dice)) };
    return liar.anyDirect(dice, to);
  };
}

/** To somebody, as one of the others, who means it. */
export function honestSays(liar: Liar, to: Nick): Say {
  return (dice, heard) => {
    const direct = newest(heard, "direct");
    if (direct === undefined || !liar.isForMe(direct) || dice.happens(0.6)) return liar.direct(dice, to);
    return liar.got(direct, "read");
  };
}
