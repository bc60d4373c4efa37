/**
 * The user's side of a client on a full screen (`client --tui`): conversations, each with its lines, and the
 * input below them. It takes the place of the prompt.
 */
import type { Commands, ScreenRequest } from "../commands/_registry.ts";
import type { Action, Ref } from "../core/action.ts";
import { harmless } from "../core/base/text.ts";
import { type Nick, sameNick } from "../core/messages/nick.ts";
import { type JournalEvent, type Notice, render } from "../core/notice.ts";
import type { TypedLines } from "../storage/typed_lines.ts";
import { NO_ANSWER } from "../terminal/device.ts";
import { FullTerminal } from "../terminal/full/full_terminal.ts";
import type { FullKey } from "../terminal/full/keys.ts";
import { areasOf, layOut, type View } from "../terminal/full/layout.ts";
import type { Line } from "../terminal/line.ts";
import { featuresOfTerminal } from "../terminal/terminal.ts";
import { completions } from "./completing.ts";
import { Conversations, type Talk } from "./conversations.ts";
import { editText } from "./edit_text.ts";
import { filesLike } from "./file_names.ts";
import { dressed } from "./dressing.ts";
import { KEYS } from "./full_screen_keys.ts";
import { Hidden } from "./hidden.ts";
import { OwnLines } from "./own_lines.ts";
import { SIGNS } from "./own_messages.ts";
import { isOwnName, newOwnName } from "./own_names.ts";
import { People } from "./people.ts";
import type { Hand, PromptSettings, ViewSettings } from "./prompt.ts";
import { type LineResult, promptOf, readLine, type Said, sendingOf } from "./reading.ts";
import { Sight } from "./sight.ts";
import { statusOf, type Ways } from "./status_line.ts";
import { notificationOf } from "./unread.ts";
import type { World } from "./world.ts";

/** The kind of the names of messages that have a sign. */
const SAID = "said_";

/** How often the status line asks how the ways are. */
const WAYS_MS = 2_000;

/** The last words of a client, which stay on the screen when it has ended. */
const LAST_WORDS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "deregistered",
  "exiting",
  "gaveUp",
  "messagesLost",
  "messagesWait",
  "notDone",
]);

type Table = Extract<Notice, { type: "peersListed" | "tableChanged" }>;

export class FullScreen {
  readonly #commands: Commands;
  readonly #nick: Nick;
  readonly #serverName: string;
  readonly #view: ViewSettings;
  readonly #typed: TypedLines;
  readonly #world: World;
  readonly #hand: Hand;
  readonly #talks: Conversations;
  readonly #sight: Sight;
  readonly #people = new People();
  readonly #hidden = new Hidden();
  readonly #own = new OwnLines();
  /** The conversations in which actions were given that are not over. */
  readonly #asked = new Map<string, Talk>();
  readonly #terminal: FullTerminal;
  readonly #timer: ReturnType<typeof setInterval>;
  #ways: Ways | undefined;
  #isSilent = false;
  /** True if the server is silent and no key was pressed since that was said. */
  #awaitsKey = false;
  #lastWords: string[] = [];

  /** `serverName` is the server as the user wrote it, HOST:PORT. `hand` takes each action of the user. */
  constructor({ commands, nick, typed, view, world }: PromptSettings, serverName: string, hand: Hand) {
    this.#commands = commands;
    this.#nick = nick;
    this.#serverName = serverName;
    this.#view = view;
    this.#typed = typed;
    this.#world = world;
    this.#hand = hand;
    this.#talks = new Conversations(world.utcOffset);
    this.#sight = new Sight(this.#talks);
    const leave = () => this.#hand({ type: "leave" });
    this.#terminal = new FullTerminal({
      features: featuresOfTerminal(),
      takesMouse: view.takesMouse,
      history: typed.lines,
      edit: (text) => editText(text, (sentence) => this.#tell(this.#talks.open, [harmless(sentence)])),
      onNoAnswer: () => this.#tell(this.#talks.open, [NO_ANSWER]),
      draw: (size, input, prompt) => layOut(this.#look(input, prompt), size),
      complete: (line, cursor) => this.#complete(line.slice(0, cursor)),
      onKey: (key) => this.#onKey(key),
      onFocus: (hasFocus) => this.#sight.focused(hasFocus),
      onTyping: () => this.#onTyping(),
      onLine: (line, omitted, echo) => this.#onLine(line, omitted, echo),
      onTooLong: (bytes) => this.#refuse({ type: "tooLong", bytes }),
      onChoice: (words) => this.#tell(this.#talks.open, [words.join("  ")]),
      onInterrupt: leave,
      onEnd: leave,
    });
    this.#timer = setInterval(() => this.#askWays(), WAYS_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** True if some text did not arrive at its reader. */
  get isBroken(): boolean {
    return this.#terminal.isBroken;
  }

  /** Only commands that nobody watches make a program fail. */
  readonly hasFailed = false;

  /** The client registers by itself. Nothing here waits for that. */
  awaits(): void {}

  /** True if this names an action of ours. */
  isOwn(ref: Ref): boolean {
    return isOwnName(ref);
  }

  /** Shows a notice. If it answers an action of ours, `ref` is the name of that. */
  show(notice: Notice, ref?: Ref): void {
    this.#take(notice, ref);
    this.#terminal.changed();
  }

  /** The table of an engine that runs already. */
  meet(table: Table): void {
    this.#people.meet(table);
    this.#talks.meet(table.rows, this.#world.wall());
    this.#terminal.changed();
  }

  /** Says something that is not a notice. */
  say(line: string): void {
    this.#lastWords = [harmless(line)];
    this.#tell(this.#talks.client, this.#lastWords);
  }

  /** Gives the terminal back. The last words stay on it. */
  close(): void {
    clearInterval(this.#timer);
    this.#terminal.close(this.#lastWords);
  }

  // ---- what comes ----------------------------------------------------------------------------------------

  #take(notice: Notice, ref: Ref | undefined): void {
    switch (notice.type) {
      case "waysListed":
        this.#ways = notice;
        return;
      case "nicksFound":
        return this.#people.find(notice.nicks);
      case "messageState":
        return this.#showState(notice);
      case "settled":
        return this.#settle(ref);
      case "directReceived":
      case "channelReceived":
        if (this.#hidden.isIgnored(notice.message.from)) return this.#hidden.keep(notice.message);
        return this.#receive(notice.message);
      case "foldedMessage":
        return this.#hidden.keep(notice.message);
      case "folded":
        if (this.#hidden.isIgnored(notice.from)) return;
        return this.#tell(this.#talks.placeOf(notice), [
          harmless(`[${notice.count} more from ${notice.from}, '/show ${notice.from}' shows them.]`),
        ]);
      case "tableChanged":
        return this.meet(notice);
      case "peersListed":
        this.meet(notice);
        break;
      case "serverSilent":
        this.#isSilent = true;
        this.#saidSilent();
        break;
      case "serverBack":
      case "registered":
        this.#isSilent = false;
        this.#askWays();
    }
    if (ref !== undefined && isOwnName(ref, SAID) && this.#own.covers(notice, ref)) return;
    this.#showLines(notice, ref);
  }

  /** The first message of a conversation that nobody has seen is told of outside of the window. */
  #receive(message: JournalEvent): void {
    const talk = this.#talks.receive(message, this.#dressed(message), this.#world.wall());
    this.#sight.look(false);
    const { notify } = this.#view;
    if (notify === undefined || talk.unread !== 1) return;
    const text = notificationOf(message, this.#nick);
    if (text !== undefined) this.#terminal.notify(notify, text);
  }

  /** A message as it looks in its conversation, which says by itself that it is the channel's. */
  #dressed(message: JournalEvent): string[] {
    const { from } = message;
    const marked = this.#people.marked(message);
    const { lines } = render({ type: "directReceived", message: marked }, this.#world.utcOffset);
    return dressed(lines, from, this.#people.identityOf(from), this.#terminal.look);
  }

  /** Lines on standard error are the client's last, so the terminal is given back first. */
  #showLines(notice: Notice, ref?: Ref): void {
    const { lines, stream } = render(notice, this.#world.utcOffset);
    if (stream === "screen") {
      const talk = (ref === undefined ? undefined : this.#asked.get(ref)) ?? this.#talks.placeOf(notice);
      this.#talks.tell(talk, this.#world.wall(), lines);
      this.#lastWords = LAST_WORDS.has(notice.type) ? [...this.#lastWords, ...lines] : [];
    }
    if (stream !== "error" || this.isBroken) return;
    this.close();
    for (const line of lines) console.error(line);
  }

  #showState(notice: Extract<Notice, { type: "messageState" }>): void {
    const reason = this.#own.note(notice);
    if (reason !== undefined) this.#showLines(reason);
  }

  #settle(ref: Ref | undefined): void {
    if (ref === undefined) return;
    this.#asked.delete(ref);
    this.#own.settled(ref);
  }

  #tell(talk: Talk, lines: readonly string[]): void {
    this.#talks.tell(talk, this.#world.wall(), lines);
    this.#terminal.changed();
  }

  // ---- what the user does --------------------------------------------------------------------------------

  #onTyping(): void {
    this.#sight.hideHelp();
    this.#sawKey();
  }

  #sawKey(): void {
    this.#lastWords = [];
    this.#sight.look(true);
    if (!this.#awaitsKey) return;
    this.#awaitsKey = false;
    this.#hand({ type: "stay" });
  }

  /** The client may be about to give up: it is told when somebody is typing. */
  #saidSilent(): void {
    this.#awaitsKey = true;
    if (this.#terminal.isTyping) this.#sawKey();
  }

  #onKey(key: FullKey): void {
    this.#sight.press(key, areasOf(this.#terminal.size, this.#look(this.#terminal.input)));
    this.#sawKey();
    this.#askWays();
  }

  // ---- lines and actions ---------------------------------------------------------------------------------

  #onLine(line: string, omitted: number, echo: string): void {
    const { open } = this.#talks;
    this.#typed.add(line);
    open.pane.toEnd();
    const result = readLine(this.#commands, open.conversation, line, omitted);
    if (result?.type === "said") return this.#say(open, result);
    if (line.trim() !== "") this.#tell(open, [harmless(promptOf(open.conversation) + echo)]);
    if (result !== undefined) this.#perform(result);
  }

  #say(talk: Talk, said: Said): void {
    const name = newOwnName(this.#world, SAID);
    const now = this.#world.wall();
    this.#own.begin(name, said, this.#talks.say(talk, now, this.#nick, SIGNS.queued, said.text));
    this.#act({ ...sendingOf(said), once: name }, name);
  }

  #perform(result: Exclude<LineResult, Said>): void {
    switch (result.type) {
      case "tooLong":
        return this.#refuse(result);
      case "screen":
        return this.#do(result.request);
      case "lines":
        return this.#tell(this.#talks.open, result.lines);
      case "wrong":
        return this.#tell(this.#talks.open, [harmless(result.reason)]);
      case "actions":
        for (const action of result.actions) this.#act(action, newOwnName(this.#world));
    }
  }

  #do(request: ScreenRequest): void {
    switch (request.do) {
      case "talk":
        return this.#talk(request.to);
      case "leave":
        return this.#goTo(this.#talks.client);
      case "ignore":
        return this.#ignore(request.nick);
      case "show":
        return this.#reveal(request.from);
    }
  }

  #talk(to: string | undefined): void {
    // If the table is only a part, a message to nobody is refused later.
    const unseen = this.#people.areKnown ? undefined : to;
    const nick = to === undefined
      ? undefined
      : this.#talks.nicks.find((each) => sameNick(each, to)) ?? unseen;
    if (to !== undefined && nick === undefined) return this.#refuse({ type: "unknownPeer", nick: to });
    this.#goTo(this.#talks.with(nick, this.#world.wall()));
  }

  #ignore(to: string): void {
    const nick = this.#people.nickOf(to);
    if (nick === undefined) return this.#refuse({ type: "unknownPeer", nick: to });
    const line = this.#hidden.toggle(nick)
      ? `[Messages of ${nick} are not shown any more, '/ignore ${nick}' ends that, '/show ${nick}' shows them.]`
      : `[Messages of ${nick} are shown again.]`;
    this.#tell(this.#talks.open, [harmless(line)]);
  }

  /** Shows what was hidden, each message in its conversation. */
  #reveal(from: string | undefined): void {
    const messages = this.#hidden.take(from);
    if (messages.length === 0) this.#tell(this.#talks.open, ["[Nothing is hidden.]"]);
    for (const message of messages) this.#receive({ ...message, dated: true });
  }

  #goTo(talk: Talk): void {
    this.#talks.goTo(talk);
    this.#askWays();
    this.#terminal.changed();
  }

  /** Refuses what the client would refuse, in its words. */
  #refuse(notice: Notice): void {
    this.#tell(this.#talks.open, render(notice, this.#world.utcOffset).lines);
  }

  #act(action: Action, name: string): void {
    this.#asked.set(name, this.#talks.open);
    this.#hand(action, name);
  }

  #askWays(): void {
    this.#hand({ type: "listWays" }, newOwnName(this.#world));
  }

  #complete(before: string): string[] {
    const { nicks, open } = this.#talks;
    // The next press of the key knows more.
    const prefix = this.#people.toAskFor(before);
    if (prefix !== undefined) this.#hand({ type: "completeNick", prefix }, newOwnName(this.#world));
    const known = [...new Set([...nicks, ...this.#people.nicks])];
    return completions(this.#commands, known, open.conversation, before, filesLike);
  }

  // ---- what is to be seen --------------------------------------------------------------------------------

  #look(input: Line, prompt?: string): View {
    const { open, tabs } = this.#talks;
    const serverName = this.#serverName;
    return {
      tabs,
      pane: open.pane,
      status: statusOf({ serverName, ways: this.#ways, isSilent: this.#isSilent }, open),
      prompt: prompt ?? promptOf(open.conversation, this.#people.markOf(open.conversation?.to)),
      input,
      help: this.#sight.showsHelp ? KEYS : undefined,
    };
  }
}
