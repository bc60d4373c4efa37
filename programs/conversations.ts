/**
 * The conversations of a full screen: what stands in each, who is there, and how much was not read. It is
 * pure: times come as arguments.
 */
import { dateAndTime, harmless } from "../core/base/text.ts";
import type { Millis } from "../core/base/units.ts";
import { type Nick, type NickKey, nickKey, SERVER_NICK } from "../core/messages/nick.ts";
import type { Row } from "../core/messages/table.ts";
import type { JournalEvent, Notice } from "../core/notice.ts";
import type { Tab } from "../terminal/full/layout.ts";
import { Pane } from "../terminal/full/pane.ts";
import { CHANNEL, type Conversation } from "./reading.ts";

/** One conversation, or what the client itself says. */
export interface Talk {
  /** Those to whom lines go; `undefined` where lines are commands. */
  readonly conversation: Conversation | undefined;
  /** Harmless for a terminal. */
  readonly name: string;
  readonly pane: Pane;
  /** Whether the person is there; `undefined` for others than persons. */
  isOnline: boolean | undefined;
  /** How many messages the user has not seen. */
  unread: number;
  /** The day of the last line, as it is shown. */
  day: string;
  /** When its first and its last line came, counted in lines; Infinity and -1 before the first. */
  began: number;
  touched: number;
}

/** Something that the user has said. The sign before it says how far it has come. */
export interface SaidLine {
  readonly pane: Pane;
  readonly number: number;
  withSign(sign: string): string;
}

/** Strangers can make all lines together no longer than this, in UTF-16 code units. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** Strangers can make no more conversations: the one that was silent for the longest is closed. */
const MOST_TALKS = 1_000;

const DIM = "\x1b[2m";
const RESET = "\x1b[0m";

/** The notices that belong into the conversation with the person whom they name. */
const PERSONAL: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "collected",
  "delivered",
  "digitsDiffer",
  "exchanged",
  "failed",
  "folded",
  "inviteDiffers",
  "missing",
  "peerKeyChanged",
  "peerRevoked",
  "peerSucceeded",
  "rowForged",
  "safetyNumber",
  "trusted",
  "unanswered",
  "unreadable",
  "verified",
  "waitsForKeys",
]);

/** The notices that belong to the channel. */
const OF_CHANNEL: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "channelDropped",
  "forged",
  "postExchanged",
  "posted",
  "postRepeated",
  "postSealed",
  "postsMissing",
]);

export class Conversations {
  readonly #utcOffset: (at: Millis) => Millis;
  readonly client = talkOf(undefined, SERVER_NICK);
  readonly channel = talkOf({ to: undefined }, CHANNEL);
  readonly #people = new Map<NickKey, Talk>();
  #open = this.client;
  /** How many lines have come. */
  #lines = 0;

  constructor(utcOffset: (at: Millis) => Millis) {
    this.#utcOffset = utcOffset;
  }

  /** The conversation on the screen. */
  get open(): Talk {
    return this.#open;
  }

  /** All of them in the order in which they are shown: those that have begun, then who is there. */
  get all(): readonly Talk[] {
    const rank = ({ began, isOnline }: Talk) => began < Infinity ? 0 : isOnline ? 1 : 2;
    const people = [...this.#people.values()].sort((one, other) =>
      rank(one) - rank(other) || (rank(one) === 0 ? one.began - other.began : one.name < other.name ? -1 : 1)
    );
    return [this.client, this.channel, ...people];
  }

  get tabs(): Tab[] {
    return this.all.map((talk) => (
      { name: talk.name, isOnline: talk.isOnline, unread: talk.unread, isOpen: talk === this.#open }
    ));
  }

  /** The nicks that are known. */
  get nicks(): Nick[] {
    return [...this.#people.values()].flatMap(({ conversation }) => conversation?.to ?? []);
  }

  knows(nick: string): boolean {
    return this.#people.has(nickKey(nick));
  }

  /** Goes to a conversation. */
  goTo(talk: Talk): void {
    this.#open = talk;
  }

  /** The conversation with this person, or with everybody (`undefined`). */
  with(to: Nick | undefined, now: Millis): Talk {
    if (to === undefined) return this.channel;
    const key = nickKey(to);
    const known = this.#people.get(key);
    if (known !== undefined) return known;
    if (this.#people.size >= MOST_TALKS) this.#closeOldest(now);
    const talk = talkOf({ to }, harmless(to));
    this.#people.set(key, talk);
    return talk;
  }

  // ---- what comes ----------------------------------------------------------------------------------------

  /** A message has come, which looks so. It counts as unread until the user has seen it. */
  receive({ channel, from, isOpen, sentAt }: JournalEvent, lines: readonly string[], now: Millis): Talk {
    const talk = channel ? this.channel : this.with(from, now);
    const [first = "", ...further] = lines;
    this.#write(talk, sentAt, [isOpen ? `[not sealed] ${first}` : first, ...further]);
    talk.unread++;
    return talk;
  }

  /** Writes what the user says. */
  say(talk: Talk, now: Millis, own: Nick, sign: string, text: string): SaidLine {
    const [first = "", ...further] = text.split("\n").map(harmless);
    const time = this.#timeOf(talk, now);
    const withSign = (each: string) => `${time}${each} ${DIM}${harmless(own)}${RESET}: ${first}`;
    const number = talk.pane.add(withSign(sign));
    this.#add(talk, further.map((line) => `  ${line}`));
    return { pane: talk.pane, number, withSign };
  }

  /** Writes lines that are harmless. */
  tell(talk: Talk, now: Millis, lines: readonly string[]): void {
    if (lines.length > 0) this.#write(talk, now, lines);
  }

  /** The conversation that a notice concerns. Nobody begins one by what is told of him. */
  placeOf(notice: Notice): Talk {
    if (OF_CHANNEL.has(notice.type)) return this.channel;
    if (!PERSONAL.has(notice.type)) return this.client;
    const { from, nick, to }: { from?: Nick; nick?: Nick; to?: Nick | undefined } = notice as object;
    const who = from ?? nick ?? to;
    return who === undefined ? this.channel : this.#people.get(nickKey(who)) ?? this.client;
  }

  /** Takes rows of the table, and says who has come and who has gone. */
  meet(rows: readonly Row[], now: Millis): void {
    for (const { nick, online } of rows) {
      const talk = this.with(nick, now);
      const was = talk.isOnline;
      talk.isOnline = online;
      if (was === undefined || was === online) continue;
      const line = `${DIM}${talk.name} is ${online ? "online" : "offline"}${RESET}`;
      this.#write(this.client, now, [line]);
      if (talk.began < Infinity) this.#write(talk, now, [line]);
    }
  }

  // ---- lines ---------------------------------------------------------------------------------------------

  #write(talk: Talk, at: Millis, [first, ...further]: readonly string[]): void {
    this.#add(talk, [`${this.#timeOf(talk, at)}${first}`, ...further]);
  }

  #add(talk: Talk, lines: readonly string[]): void {
    for (const line of lines) talk.pane.add(line);
    talk.began = Math.min(talk.began, this.#lines);
    talk.touched = ++this.#lines;
    this.#makeRoom();
  }

  /** The time of a line. Above it stands the day, where that is another one. */
  #timeOf(talk: Talk, at: Millis): string {
    const [day = "", time = ""] = dateAndTime(at + this.#utcOffset(at)).split(" ");
    if (talk.day !== day) talk.pane.add(`${DIM}${day}${RESET}`);
    talk.day = day;
    return `${DIM}${time.slice(0, "12:34".length)}${RESET} `;
  }

  /** The longest conversations lose their oldest lines. */
  #makeRoom(): void {
    const panes = [this.client, this.channel, ...this.#people.values()].map(({ pane }) => pane);
    let sum = panes.reduce((total, { characters }) => total + characters, 0);
    while (sum > MOST_CHARACTERS) {
      const longest = panes.reduce((one, other) => one.characters > other.characters ? one : other);
      sum -= longest.characters;
      longest.dropOldest();
      sum += longest.characters;
    }
  }

  #closeOldest(now: Millis): void {
    const people = [...this.#people].filter(([, talk]) => talk !== this.#open);
    const [key, talk] = people.reduce((one, other) => one[1].touched <= other[1].touched ? one : other);
    this.#people.delete(key);
    if (talk.unread === 0) return;
    this.#write(this.client, now, [
      `[The conversation with ${talk.name} was closed, with ${talk.unread} unread: there are too many.]`,
    ]);
  }
}

function talkOf(conversation: Conversation | undefined, name: string): Talk {
  return {
    conversation,
    name,
    pane: new Pane(),
    isOnline: undefined,
    unread: 0,
    day: "",
    began: Infinity,
    touched: -1,
  };
}
