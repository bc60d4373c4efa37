/** What the clients of other servers say and hear, as far as a channel with short messages needs it. */
import type { Peer } from "./job.ts";
import { TEXT_BYTES } from "./seat.ts";

/** What a client hears. */
export type Heard =
  /** The server takes it now. */
  | { readonly type: "welcome" }
  /** It is a member of the channel. */
  | { readonly type: "joined" }
  | { readonly type: "message"; readonly number: number }
  /** It has to answer this. */
  | { readonly type: "asked"; readonly answer: string };

/** Bytes are characters from 0 to 255 here. */
export interface Dialect {
  /** The first words of a client; it may have to wait for the server's. */
  hello(name: string): string;
  /** What makes it a member of the channel. */
  readonly join: string;
  /** Whether somebody has to be a member in order to speak. */
  readonly speakersJoin: boolean;
  say(number: number): string;
  /** Calls `heard` for each thing in the text that is complete, and returns how much of it that was. */
  read(text: string, heard: (what: Heard) => void): number;
}

const NUMBER_DIGITS = 10;

/** A message of 64 bytes that begins with its number. */
function message(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, "0").padEnd(TEXT_BYTES, "x");
}

function numberIn(text: string, at: number): Heard {
  return { type: "message", number: Number(text.slice(at, at + NUMBER_DIGITS)) };
}

/** Reads lines up to the last whole one; `line` returns how many characters behind the line belong to it. */
function readLines(text: string, line: (from: number, to: number) => number): number {
  let at = 0;
  for (;;) {
    const end = text.indexOf("\n", at);
    if (end < 0) return at;
    const more = line(at, end + 1);
    if (end + 1 + more > text.length) return at;
    at = end + 1 + more;
  }
}

const irc: Dialect = {
  hello: (name) => `NICK ${name}\r\nUSER ${name} 0 * :${name}\r\n`,
  join: "JOIN #c\r\n",
  speakersJoin: true,
  say: (number) => `PRIVMSG #c :${message(number)}\r\n`,
  read: (text, heard) =>
    readLines(text, (from, to) => {
      const line = text.slice(from, to);
      const [, command = ""] = line.split(" ", 2);
      if (line.startsWith("PING ")) heard({ type: "asked", answer: `PONG ${line.slice(5)}` });
      else if (command === "PRIVMSG") heard(numberIn(line, line.indexOf(" :") + 2));
      // The end of the message of the day, or the news that there is none; then the end of the members.
      else if (command === "376" || command === "422") heard({ type: "welcome" });
      else if (command === "366") heard({ type: "joined" });
      return 0;
    }),
};

const NATS_CONNECT = '{"verbose":false,"pedantic":false,"lang":"ts","version":"1","protocol":1}';

const nats: Dialect = {
  hello: () => `CONNECT ${NATS_CONNECT}\r\nPING\r\n`,
  join: "SUB c 1\r\nPING\r\n",
  speakersJoin: false,
  say: (number) => `PUB c ${TEXT_BYTES}\r\n${message(number)}\r\n`,
  read: (text, heard) =>
    readLines(text, (from, to) => {
      if (text.startsWith("MSG ", from)) {
        if (to + TEXT_BYTES + 2 <= text.length) heard(numberIn(text, to));
        return TEXT_BYTES + 2;
      }
      if (text.startsWith("PING", from)) heard({ type: "asked", answer: "PONG\r\n" });
      // The first answer welcomes, the second one comes behind the subscription.
      if (text.startsWith("PONG", from)) heard({ type: "welcome" });
      return 0;
    }),
};

const REDIS_MESSAGE = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$64\r\n";

const redis: Dialect = {
  hello: () => "*1\r\n$4\r\nPING\r\n",
  join: "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n",
  speakersJoin: false,
  say: (number) => `*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$${TEXT_BYTES}\r\n${message(number)}\r\n`,
  read: (text, heard) => {
    let at = 0;
    for (;;) {
      const isMessage = text.startsWith(REDIS_MESSAGE, at);
      const end = isMessage ? at + REDIS_MESSAGE.length + TEXT_BYTES + 2 : text.indexOf("\n", at) + 1;
      if (end > text.length || end === 0) return at;
      // A message whose beginning alone has come.
      if (!isMessage && text[at] === "*" && REDIS_MESSAGE.startsWith(text.slice(at))) return at;
      if (isMessage) heard(numberIn(text, at + REDIS_MESSAGE.length));
      else if (text.startsWith("+PONG", at)) heard({ type: "welcome" });
      else if (text.startsWith("subscribe", at)) heard({ type: "joined" });
      at = end;
    }
  },
};

const MQTT_TOPIC = "\0\x01c";
const MQTT_TOPIC_BYTES = 3;
const MQTT_ID = "\0\x01";

/** MQTT 3.1.1 with QoS 1; nothing here is longer than one byte of length can say. */
const mqtt: Dialect = {
  hello: (name) => packet(0x10, `\0\x04MQTT\x04\x02\0\0\0${String.fromCharCode(name.length)}${name}`),
  join: packet(0x82, `${MQTT_ID}${MQTT_TOPIC}\x01`),
  speakersJoin: false,
  say: (number) => packet(0x32, `${MQTT_TOPIC}${MQTT_ID}${message(number)}`),
  read: (text, heard) => {
    let at = 0;
    for (;;) {
      const end = at + 2 + text.charCodeAt(at + 1);
      if (!(end <= text.length)) return at;
      const kind = text.charCodeAt(at) >> 4;
      if (kind === 2) heard({ type: "welcome" });
      if (kind === 9) heard({ type: "joined" });
      if (kind === 3) {
        const id = at + 2 + MQTT_TOPIC_BYTES;
        heard({ type: "asked", answer: packet(0x40, text.slice(id, id + 2)) });
        heard(numberIn(text, id + 2));
      }
      at = end;
    }
  },
};

function packet(head: number, content: string): string {
  return String.fromCharCode(head, content.length) + content;
}

export const DIALECTS: Readonly<Record<Peer, Dialect>> = { irc, mqtt, nats, redis };
