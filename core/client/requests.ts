/**
 * The user's requests. Each is done, put off or refused, as the standing of the membership says
 * (`client_states.ts`). The sentence about a request that is not done is in core/notice.ts.
 */
import type { Action, Ref } from "../action.ts";
import { utf8Length } from "../base/bytes.ts";
import { TEXT_BYTES, WAITING_ACTIONS } from "../base/limits.ts";
import type { Address, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { isNick, type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { Notice } from "../notice.ts";
import { type Matter, type Refusal, verdictOn } from "./client_states.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { Membership } from "./membership.ts";
import type { FollowedMessages } from "./followed_messages.ts";
import type { Sender } from "./sender.ts";
import type { Trust } from "./trust.ts";

/** An action that depends on the standing. The others are taken at any time. */
export type Request = Exclude<
  Action,
  {
    type:
      | "leave"
      | "finish"
      | "stay"
      | "release"
      | "attend"
      | "completeNick"
      | "followMessage"
      | "readHistory"
      | "readJournal"
      | "listWays"
      | "confirmEvents"
      | "confirmShown";
  }
>;

/** A request that can only be made with the row of its nick. */
type AboutPeer = Extract<Request, { type: "trust" | "verify" }>;

interface Waiting {
  readonly request: Request;
  readonly ref: Ref | undefined;
}

export interface RequestsOptions {
  readonly effects: Effects;
  readonly nick: Nick;
  readonly server: Address;
  readonly knownPeers: KnownPeers;
  readonly membership: Membership;
  readonly followed: FollowedMessages;
  readonly sender: Sender;
  readonly trust: Trust;
  /** When the server was last heard, if the user was told that it is silent. */
  awaySince(): Millis | "never" | undefined;
  /** Ends the process at once. */
  leave(now: Millis): void;
  /** Deregisters, and ends the process after that. */
  quit(now: Millis): void;
}

export class Requests {
  readonly #options: RequestsOptions;
  /** The requests that wait for an answer of the server, oldest first. */
  #waiting: Waiting[] = [];
  /** The requests about nicks that the server is asked for. */
  #looking: (Waiting & { readonly name: NickKey })[] = [];

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** The number of requests that wait for an answer of the server. */
  get waiting(): number {
    return this.#waiting.length + this.#looking.length;
  }

  /** The server has answered: makes the requests that have waited once more. */
  retry(now: Millis): void {
    const waiting = [...this.#looking, ...this.#waiting];
    this.#waiting = [];
    this.#looking = [];
    for (const { request, ref } of waiting) this.make(now, request, ref);
  }

  /** The server has answered a question for a nick: makes the requests about it. */
  lookedUp(now: Millis, nick: Nick): void {
    const looking = this.#looking;
    this.#looking = looking.filter(({ name }) => name !== nickKey(nick));
    const isKnown = this.#options.membership.table.get(nick) !== undefined;
    for (const { name, request, ref } of looking) {
      if (name !== nickKey(nick)) continue;
      if (isKnown) this.make(now, request, ref);
      else this.#options.effects.answering(ref, () => this.#answer({ type: "unknownPeer", nick }));
    }
  }

  /** Does a request, puts it off, or refuses it. The notices about it answer the action `ref`. */
  make(now: Millis, request: Request, ref?: Ref): void {
    this.#options.effects.answering(ref, () => this.#decide(now, request));
  }

  #decide(now: Millis, request: Request): void {
    const verdict = verdictOn(this.#options.membership.state, this.#matterOf(request));
    switch (verdict) {
      case "do":
        return this.#do(now, request);
      case "wait":
        return isOfScript(request) ? this.#do(now, request) : this.#putOff(request);
      case "leave":
        return this.#options.leave(now);
      case "ignore":
        return;
      default:
        return this.#refuse(request, verdict);
    }
  }

  #matterOf(request: Request): Matter {
    const isOwn = "nick" in request && sameNick(request.nick, this.#options.nick);
    if (request.type === "register") return isOwn ? "register" : "registerOther";
    if (request.type === "deregister") return isOwn ? "deregister" : "deregisterOther";
    return request.type;
  }

  #do(now: Millis, request: Request): void {
    const { membership, quit, server, trust } = this.#options;
    switch (request.type) {
      case "register":
        return membership.register(now);
      case "deregister":
        return membership.deregister(now);
      case "quit":
        return quit(now);
      case "listPeers":
        trust.list(server, this.#options.awaySince());
        return this.#settled();
      case "trust":
        return this.#withPeer(now, request, (row) => trust.trust(now, row));
      case "verify":
        return this.#withPeer(now, request, (row) => trust.verify(row, request.digits));
      case "invite":
        trust.invite();
        return this.#settled();
      case "sendDirect":
        return this.#sendDirect(now, request);
      case "sendChannel":
        return this.#compose(now, undefined, request);
    }
  }

  #sendDirect(now: Millis, request: Extract<Request, { type: "sendDirect" }>): void {
    const { knownPeers, membership } = this.#options;
    const { to } = request;
    const row = membership.table.get(to);
    // Nobody knows who is in the table before it has come, or in the rest of it. A message to nobody fails
    // later.
    const isOpen = !membership.table.isWhole || (isOfScript(request) && !membership.isRegistered);
    const mayCome = isOpen && isNick(to);
    if (row === undefined && !mayCome) return this.#answer({ type: "unknownPeer", nick: to });
    if (row !== undefined) {
      const { identity, nick } = row;
      if (knownPeers.isOver(row)) return this.#answer({ type: "peerRevoked", nick });
      if (!knownPeers.agrees(nick, identity)) return this.#answer({ type: "peerKeyChanged", nick });
    }
    this.#compose(now, row?.nick ?? to, request);
  }

  /** Sends a text, unless it is too long, or was sent under the same name before. */
  #compose(
    now: Millis,
    to: Nick | undefined,
    { once, text }: Extract<Request, { type: "sendDirect" | "sendChannel" }>,
  ): void {
    const { followed, sender } = this.#options;
    const known = once === undefined ? undefined : followed.named(once);
    if (known !== undefined) {
      followed.tell(known);
      return this.#settled();
    }
    const bytes = utf8Length(text);
    if (bytes > TEXT_BYTES) return this.#answer({ type: "tooLong", bytes });
    sender.compose(now, to, { text, bytes, once });
  }

  #putOff(request: Request): void {
    const count = this.waiting;
    if (count < WAITING_ACTIONS) this.#waiting.push({ request, ref: this.#options.effects.ref });
    else this.#answer({ type: "tooMany", count });
  }

  #refuse(request: Request, type: Refusal): void {
    const { nick: own } = this.#options;
    const nick = "nick" in request ? request.nick : own;
    if (type === "belongsToOther") this.#answer({ type, own, nick });
    else this.#answer({ type, nick: type === "notYou" ? nick : own });
  }

  /** Carries out a request about a peer in the table, one that is over at once. */
  #withPeer(now: Millis, request: AboutPeer, act: (row: Row) => void): void {
    const { effects: { ref }, membership } = this.#options;
    const { nick } = request;
    const row = membership.table.get(nick);
    if (row === undefined) {
      if (membership.table.isWhole || !isNick(nick)) return this.#answer({ type: "unknownPeer", nick });
      if (membership.state === "offline") return this.#refuse(request, "youAreOffline");
      const count = this.waiting;
      if (count >= WAITING_ACTIONS || !membership.lookUp(now, nick, true)) {
        return this.#answer({ type: "tooMany", count });
      }
      this.#looking.push({ name: nickKey(nick), request, ref });
      return;
    }
    act(row);
    this.#settled();
  }

  /** Ends a request with one notice. */
  #answer(notice: Notice): void {
    this.#options.effects.notice(notice);
    this.#settled();
  }

  #settled(): void {
    this.#options.effects.notice({ type: "settled" });
  }
}

/** True for a message that a script has written: it is kept until the server has answered. */
function isOfScript(request: Request): boolean {
  return (request.type === "sendDirect" || request.type === "sendChannel") && request.once !== undefined;
}
