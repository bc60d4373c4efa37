/** The user's side of a client: lines typed or read become actions, notices become lines on the screen. */
import type { Commands, ScreenRequest } from "../commands/_registry.ts";
import type { Action, Ref } from "../core/action.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { harmless } from "../core/base/text.ts";
import type { Nick } from "../core/messages/nick.ts";
import { type JournalEvent, type Notice, render, type Rendered } from "../core/notice.ts";
import type { TypedLines } from "../storage/typed_lines.ts";
import type { Input } from "../terminal/input.ts";
import { openLines } from "../terminal/line_mode.ts";
import type { Notification } from "../terminal/notification.ts";
import { Pace } from "../terminal/pace.ts";
import { featuresOfTerminal, openTerminal, type Screen } from "../terminal/terminal.ts";
import { completions } from "./completing.ts";
import { dressed, TimeStamps } from "./dressing.ts";
import { editText } from "./edit_text.ts";
import { filesLike } from "./file_names.ts";
import { Hidden } from "./hidden.ts";
import { OwnMessages, SIGNS } from "./own_messages.ts";
import { isOwnName, newOwnName } from "./own_names.ts";
import { People } from "./people.ts";
import { offlineLast, Presence } from "./presence.ts";
import {
  CHANNEL,
  type Conversation,
  type LineResult,
  promptOf,
  readLine,
  type Said,
  sendingOf,
} from "./reading.ts";
import { notificationOf, Unread } from "./unread.ts";
import type { World } from "./world.ts";

/** Takes an action of the user. If it has a name, the notices that answer it are told with that. */
export type Hand = (action: Action, ref?: Ref) => void;

/** A terminal that collects lines drops the rest of a longer one (Linux, N_TTY_BUF_SIZE). */
const TERMINAL_LINE_BYTES = 4095;
const CUT_OFF: LineResult = {
  type: "wrong",
  reason:
    `this terminal gives only ${TERMINAL_LINE_BYTES} bytes of a line, the rest is lost: nothing was sent`,
};

/** How the client looks on a terminal. */
export interface ViewSettings {
  /** Lines are only ever appended, and hold nothing but text. */
  readonly isPlain: boolean;
  /** A line for each who comes or goes, and not the table. */
  readonly tellsChanges: boolean;
  /** Messages have the time before them. */
  readonly hasTimes: boolean;
  /** By which sequence direct messages and mentions are told of; `undefined` if they are not. */
  readonly notify: Notification | undefined;
  /** The client has the whole window, with conversations beside each other. */
  readonly isFull: boolean;
  /** The full screen takes the mouse. */
  readonly takesMouse: boolean;
}

/** The source of the user's lines. */
export interface InputSettings {
  /** `undefined` if the user is at a terminal that is painted on. */
  readonly input: Input | undefined;
  /** True if a person reads the lines as they come, and not a program. */
  readonly isAttended: boolean;
}

export interface PromptSettings {
  readonly commands: Commands;
  /** Our own nick. */
  readonly nick: Nick;
  readonly source: InputSettings;
  /** The lines that were typed in former runs. */
  readonly typed: TypedLines;
  readonly view: ViewSettings;
  readonly world: World;
}

export class Prompt {
  readonly #commands: Commands;
  readonly #isAttended: boolean;
  readonly #view: ViewSettings;
  readonly #typed: TypedLines;
  readonly #nick: Nick;
  readonly #input: Input | undefined;
  readonly #world: World;
  readonly #hand: Hand;
  readonly #pace = new Pace();
  readonly #screen: Screen;
  readonly #own = new OwnMessages();
  readonly #people = new People();
  readonly #presence = new Presence();
  readonly #hidden = new Hidden();
  /** True if who comes and goes is told in lines, and not by the table. */
  #tellsChanges: boolean;
  readonly #unread = new Unread();
  readonly #stamps = new TimeStamps();
  /** Where the user's lines go; `undefined` while they are commands. */
  #conversation: Conversation | undefined;
  #hasEnded = false;
  /** True if the server is silent and no key was pressed since that was said. */
  #awaitsKey = false;
  #sawFailure = false;

  /** `hand` takes each action of the user. */
  constructor({ commands, nick, source, typed, view, world }: PromptSettings, hand: Hand) {
    const { input, isAttended } = source;
    this.#commands = commands;
    this.#view = view;
    this.#typed = typed;
    this.#nick = nick;
    this.#tellsChanges = view.tellsChanges;
    this.#input = input;
    this.#isAttended = isAttended;
    this.#world = world;
    this.#hand = hand;
    this.#screen = input === undefined ? this.#openTerminal() : this.#openLines(input);
  }

  /** True if some text did not arrive at its reader. */
  get isBroken(): boolean {
    return this.#screen.isBroken;
  }

  /** True if commands came from a pipe or a file, were read to its end or `quit`, and one of them failed. */
  get hasFailed(): boolean {
    return this.#hasEnded && this.#sawFailure;
  }

  /** Hands over an action, and counts it until its notice "settled" comes. */
  #act(action: Action, ref?: Ref): void {
    this.#pace.began();
    this.#hand(action, ref);
  }

  /** True if this names an action of ours. */
  isOwn(ref: Ref): boolean {
    return isOwnName(ref);
  }

  /** Shows a notice. If it answers an action of ours that has a name, `ref` is that name. */
  show(notice: Notice, ref?: Ref): void {
    if (notice.type === "messageState") return this.#showState(notice);
    if (ref !== undefined && notice.type === "settled") this.#sign(ref, this.#own.settled(ref));
    if (ref !== undefined && this.#own.covers(notice, ref)) return;
    this.#show(notice);
  }

  /** Lines on standard error are the client's last, so the terminal is given back first. */
  #show(notice: Notice): void {
    if (notice.type === "tableChanged") {
      this.#people.meet(notice);
      const changes = this.#presence.changed(notice.rows, (nick) => this.#nameOf(nick));
      if (changes !== undefined && this.#tellsChanges) return this.#screen.print(changes.map(harmless));
    }
    if (notice.type === "nicksFound") this.#people.find(notice.nicks);
    if (this.#isAttended && this.#hides(notice)) return;
    const { isFailure, lines, stream } = this.#render(notice);
    if (notice.type === "settled") this.#pace.settled();
    if (isFailure) this.#sawFailure = true;
    if (stream === "screen") this.#screen.print(lines);
    if (notice.type === "directReceived" || notice.type === "channelReceived") this.#count(notice.message);
    if (notice.type === "serverSilent") this.#saidSilent();
    if (stream !== "error" || this.isBroken) return;
    this.#screen.close();
    for (const line of lines) console.error(line);
  }

  /** The text of a notice, as it looks on a screen if a person reads it. */
  #render(notice: Notice): Rendered {
    const isMessage = notice.type === "directReceived" || notice.type === "channelReceived";
    if (notice.type === "peersListed" && this.#tellsChanges) {
      return render({ ...notice, rows: offlineLast(notice.rows) }, this.#world.utcOffset);
    }
    if (!this.#isAttended) return render(notice, this.#world.utcOffset);
    if (notice.type === "folded") {
      const line = `[${notice.count} more from ${notice.from}, 'show ${notice.from}' shows them.]`;
      return { stream: "screen", lines: [harmless(line)], isFailure: false };
    }
    if (!isMessage) return render(notice, this.#world.utcOffset);
    const { message } = notice;
    const rendered = render({ ...notice, message: this.#people.marked(message) }, this.#world.utcOffset);
    const identity = this.#people.identityOf(message.from);
    const lines = dressed(rendered.lines, message.from, identity, this.#screen.look);
    return { ...rendered, lines: this.#stamped(lines) };
  }

  /** The lines with the time before them, if the user wants it, and the day, if it is a new one. */
  #stamped(lines: readonly string[]): readonly string[] {
    if (!this.#view.hasTimes) return lines;
    const [first = "", ...further] = lines;
    const wall = this.#world.wall();
    const local = wall + this.#world.utcOffset(wall);
    const day = this.#stamps.newDay(local);
    const before = day === undefined ? [] : [`[${day}]`];
    return [...before, `${this.#stamps.timeOf(local)} ${first}`, ...further];
  }

  /** Keeps a message that is not shown for `show`, and says true then. */
  #hides(notice: Notice): boolean {
    const isMessage = notice.type === "directReceived" || notice.type === "channelReceived";
    const isHidden = notice.type === "foldedMessage" ||
      isMessage && this.#hidden.isIgnored(notice.message.from);
    if (isHidden) this.#hidden.keep(notice.message);
    return isHidden || notice.type === "folded" && this.#hidden.isIgnored(notice.from);
  }

  #showState(notice: Extract<Notice, { type: "messageState" }>): void {
    const shown = this.#own.note(notice);
    if (shown === undefined) return;
    const { correction, reason, sign } = shown;
    if (!this.#sign(notice.once, sign) && correction !== undefined) this.#show(correction);
    if (reason !== undefined) this.#show(reason);
  }

  /** Puts a sign before a message of ours. False if that is out of sight. */
  #sign(name: string, sign: string | undefined): boolean {
    return sign !== undefined && this.#screen.mark(name, sign);
  }

  /** Learns who is there, without a word. */
  meet(table: Extract<Notice, { type: "peersListed" }>): void {
    this.#people.meet(table);
  }

  /** The client registers by itself: that counts as a command until its notice "settled" comes. */
  awaits(): void {
    this.#pace.began();
  }

  /** Says something that is not a notice. */
  say(line: string): void {
    this.#screen.print([harmless(line)]);
  }

  close(): void {
    this.#screen.close();
  }

  /** The client may be about to give up: it is told when somebody is typing. */
  #saidSilent(): void {
    this.#awaitsKey = true;
    if (this.#screen.isTyping) this.#sawKey();
  }

  #sawKey(): void {
    if (!this.#awaitsKey) return;
    this.#awaitsKey = false;
    this.#hand({ type: "stay" });
  }

  #openTerminal(): Screen {
    const leave = () => this.#hand({ type: "leave" });
    return openTerminal({
      features: featuresOfTerminal(),
      history: this.#typed.lines,
      edit: (text) => editText(text, (sentence) => this.say(sentence)),
      prompt: promptOf(undefined),
      complete: (line, cursor) => this.#complete(line.slice(0, cursor)),
      onTooLong: (bytes) => this.#refuse({ type: "tooLong", bytes }),
      onLine: (line, omitted, echo) => {
        this.#typed.add(line);
        this.#unread.submitted();
        const result = this.#read(line, omitted);
        if (result?.type === "said") return this.#sendSaid(result, echo);
        this.#screen.print([echo]);
        if (result !== undefined) this.#perform(result, (reason) => this.#screen.print([reason]));
      },
      onKey: () => {
        this.#sawKey();
        this.#unread.pressed(this.#screen.rows.top);
        this.#showPrompt();
      },
      onFocus: (hasFocus) => {
        this.#unread.focused(hasFocus, this.#screen.rows.top);
        this.#showPrompt();
      },
      onInterrupt: leave,
      onEnd: leave,
    });
  }

  #openLines(input: Input): Screen {
    return openLines(input, {
      parse: async (line, omitted) => {
        if (this.#isAttended && utf8Length(line) >= TERMINAL_LINE_BYTES) return CUT_OFF;
        const result = this.#read(line, omitted);
        // A person sets the pace.
        if (!this.#isAttended) await this.#pace.ready(actionsOf(result));
        return result;
      },
      take: (result) => {
        this.#sawKey();
        const complain = this.#isAttended ? (reason: string) => this.say(reason) : console.error;
        if (result !== undefined) this.#perform(result, complain);
      },
      onEnd: () => {
        if (this.#isAttended) return this.#hand({ type: "leave" });
        this.#hasEnded = true;
        this.#hand({ type: "finish" });
      },
    }, this.#isAttended);
  }

  /** Sends what was said in a conversation, and shows how far it has come. */
  #sendSaid(said: Said, echo: string): void {
    const name = newOwnName(this.#world);
    this.#own.begin(name, said);
    const [line = "", ...before] = this.#stamped([echo]).toReversed();
    if (before.length > 0) this.#screen.print(before);
    this.#screen.printMarked(name, SIGNS.queued, line);
    this.#act({ ...sendingOf(said), once: name }, name);
  }

  #read(line: string, omitted: number): LineResult | undefined {
    return readLine(this.#commands, this.#conversation, line, omitted);
  }

  #complete(before: string): string[] {
    // The next press of the key knows more.
    const prefix = this.#people.toAskFor(before);
    if (prefix !== undefined) this.#act({ type: "completeNick", prefix });
    return completions(this.#commands, this.#people.nicks, this.#conversation, before, filesLike);
  }

  #do(request: ScreenRequest): void {
    switch (request.do) {
      case "talk":
        return this.#talk(request.to);
      case "leave":
        return this.#leave();
      case "ignore":
        return this.#ignore(request.nick);
      case "show":
        return this.#reveal(request.from);
    }
  }

  #ignore(to: string): void {
    const nick = this.#people.nickOf(to);
    if (nick === undefined) return this.#refuse({ type: "unknownPeer", nick: to });
    const begins = this.#hidden.toggle(nick);
    this.say(
      begins
        ? `[Messages of ${nick} are not shown any more, 'ignore ${nick}' ends that and 'show ${nick}' shows them.]`
        : `[Messages of ${nick} are shown again.]`,
    );
  }

  /** Shows what was hidden. */
  #reveal(from: string | undefined): void {
    const messages = this.#hidden.take(from);
    if (messages.length === 0) return this.say("[Nothing is hidden.]");
    for (const message of messages) {
      const type = message.channel ? "channelReceived" : "directReceived";
      this.#screen.print(this.#render({ type, message: { ...message, dated: true } }).lines);
    }
  }

  #talk(to: string | undefined): void {
    const nick = to === undefined ? undefined : this.#people.nickOf(to);
    // Before the table has come, or if it is only a part, nobody knows who is there. A message to nobody is
    // refused later.
    if (to !== undefined && nick === undefined && this.#people.areKnown) {
      return this.#refuse({ type: "unknownPeer", nick: to });
    }
    this.#tellsChanges = true;
    this.#go({ to: nick ?? to });
    const whom = to === undefined ? "everybody, on the channel" : this.#nameOf(nick ?? to);
    this.say(`[You talk to ${whom}: only lines that begin with '/' are commands, '/leave' goes back.]`);
  }

  #leave(): void {
    if (this.#conversation === undefined) {
      this.#sawFailure = true;
      return this.say("[You are in no conversation, 'talk NICK' begins one and 'talk' one with everybody.]");
    }
    this.#go(undefined);
    this.say("[Lines are commands again.]");
  }

  #go(conversation: Conversation | undefined): void {
    this.#conversation = conversation;
    this.#showPrompt();
  }

  /** The prompt says where lines go, and before that what nobody has seen yet. */
  #showPrompt(): void {
    const prompt = promptOf(this.#conversation, this.#people.markOf(this.#conversation?.to));
    // Where the focus is never told, the prompt outside of conversations stays as it always was.
    const isCounted = this.#conversation !== undefined || this.#unread.knowsFocus;
    this.#screen.setPrompt(prompt, isCounted ? this.#unread.summary : "");
  }

  /** A message is on the screen: it is counted until it is seen, and may be told of outside of the window. */
  #count(message: JournalEvent): void {
    if (this.#input !== undefined) return;
    const { channel, from } = message;
    const conversation = channel ? CHANNEL : from;
    const isNew = this.#unread.arrived(conversation, this.#screen.rows.printed);
    this.#showPrompt();
    const { notify } = this.#view;
    if (notify === undefined || !isNew) return;
    const text = notificationOf(message, this.#nick);
    if (text !== undefined) this.#screen.notify(notify, text);
  }

  /** A nick that could be taken for another one has a part of its key beside it. */
  #nameOf(nick: Nick): string {
    const like = this.#people.likeOf(nick);
    return like === undefined
      ? nick
      : `${nick} (looks like ${like}, key ${this.#people.fingerprintOf(nick)})`;
  }

  /** Refuses what the client would refuse, in its words. */
  #refuse(notice: Notice): void {
    this.#sawFailure = true;
    this.#screen.print(render(notice, () => 0).lines);
  }

  #perform(result: LineResult, complain: (line: string) => void): void {
    switch (result.type) {
      case "tooLong":
        return this.#refuse(result);
      case "screen":
        return this.#do(result.request);
      case "lines":
        return this.#screen.print(result.lines);
      case "wrong":
        this.#sawFailure = true;
        return complain(harmless(result.reason));
      case "said":
        return this.#act(sendingOf(result));
      case "actions":
        for (const action of result.actions) {
          // For whoever reads a script this is the end of the input: the status does not depend on whether
          // the rest of it had come in time.
          if (!this.#isAttended && action.type === "quit") this.#hasEnded = true;
          this.#act(action);
        }
    }
  }
}

function actionsOf(result: LineResult | undefined): readonly Action[] {
  if (result?.type === "said") return [sendingOf(result)];
  return result?.type === "actions" ? result.actions : [];
}
