/** All text that a user can see of what a machine says, in one place. */
import { addressKey } from "./base/address.ts";
import { TABLE_LINES, TEXT_BYTES } from "./base/limits.ts";
import { dateAndTime, harmless } from "./base/text.ts";
import type { Address, Millis } from "./base/units.ts";
import { VERSION } from "./base/version.ts";
import { writeInvitation } from "./messages/invitation.ts";
import { type Nick, SERVER_NICK } from "./messages/nick.ts";
import type { Row } from "./messages/table.ts";
import type { Reason } from "./messages/verb.ts";

/** A message as it is shown. */
export interface Shown {
  /** Who wrote it. */
  readonly from: Nick;
  /** As it came; made harmless when it is rendered. */
  readonly text: string;
  /** By the sender's clock. */
  readonly sentAt: Millis;
  /** Whether to show when it was sent, because it did not come as it was written. */
  readonly dated: boolean;
  /** A channel message that everybody can read, where ours are sealed. */
  readonly isOpen: boolean;
}

/** Why a message will never arrive. */
export type Failure = Reason | "keys" | "too old" | "expired" | "unreadable" | "refused" | "released";

/** What a machine tells: to the user of a client, to the log of a server. */
export type Notice =
  | { readonly type: "started"; readonly own: Address; readonly server: Address }
  | { readonly type: "registered" }
  | {
    readonly type: "tableChanged";
    readonly server: Address;
    readonly rows: readonly Row[];
    readonly changed: readonly Row[];
  }
  | {
    readonly type: "peersListed";
    readonly server: Address;
    readonly rows: readonly Row[];
    readonly verified: readonly Nick[];
    /** Who has another identity than before. */
    readonly changed: readonly Nick[];
  }
  | { readonly type: "directReceived"; readonly message: Shown }
  | { readonly type: "channelReceived"; readonly message: Shown }
  | { readonly type: "mailWaiting" }
  | { readonly type: "missing"; readonly from: Nick }
  /** The message before the next one is not the one that its sender wrote. */
  | { readonly type: "exchanged"; readonly from: Nick }
  /** A message that we cannot open. Its sender hears of it. */
  | { readonly type: "unreadable"; readonly from: Nick; readonly again: boolean }
  /** A channel message that its sender did not sign. */
  | { readonly type: "forged"; readonly from: Nick }
  | { readonly type: "postRepeated"; readonly from: Nick }
  | { readonly type: "postsMissing"; readonly from: Nick; readonly count: number }
  | { readonly type: "postExchanged"; readonly from: Nick }
  /** A channel message under a key that we do not have. */
  | { readonly type: "postSealed"; readonly from: Nick }
  | { readonly type: "channelDropped"; readonly count: number }
  /** The server gives keys for a nick that its holder did not sign. */
  | { readonly type: "rowForged"; readonly nick: Nick }
  /** A nick has another identity than the one that is pinned. */
  | { readonly type: "peerKeyChanged"; readonly nick: Nick }
  | { readonly type: "inviteDiffers"; readonly nick: Nick }
  /** `waiting`: so many messages that were written before go to that key now. */
  | { readonly type: "trusted"; readonly nick: Nick; readonly waiting: number }
  | {
    readonly type: "safetyNumber";
    readonly nick: Nick;
    readonly number: string;
    /** Whether the key is trusted; only then it counts as verified. */
    readonly isTrusted: boolean;
  }
  | { readonly type: "yourself" }
  | {
    readonly type: "invite";
    /** As the user wrote it: HOST:PORT. */
    readonly server: string;
    readonly serverKey: string;
    readonly nick: Nick;
    readonly identity: string;
  }
  | { readonly type: "delivered"; readonly to: Nick }
  | { readonly type: "unanswered"; readonly to: Nick }
  | { readonly type: "stored" }
  | { readonly type: "posted" }
  | { readonly type: "collected"; readonly to: Nick; readonly count: number }
  | { readonly type: "failed"; readonly to: Nick | undefined; readonly failure: Failure }
  | { readonly type: "unknownPeer"; readonly nick: string }
  | { readonly type: "notYou"; readonly nick: string }
  | { readonly type: "youAreOffline"; readonly nick: Nick }
  | { readonly type: "alreadyRegistered"; readonly nick: Nick }
  | { readonly type: "belongsToOther"; readonly own: Nick; readonly nick: string }
  | { readonly type: "tooLong"; readonly bytes: number }
  | { readonly type: "tooMany"; readonly count: number }
  | { readonly type: "nickOfAnotherKey"; readonly nick: Nick }
  /** `forNow`: from this address. */
  | { readonly type: "nicksExhausted"; readonly forNow: boolean }
  | { readonly type: "replaced"; readonly nick: Nick }
  | { readonly type: "deregistered" }
  | { readonly type: "noServer"; readonly server: Address }
  /** What is there speaks other versions of the protocol. */
  | { readonly type: "otherVersions"; readonly server: Address; readonly versions: readonly number[] }
  /** The server's key, met for the first time. */
  | { readonly type: "serverMet"; readonly key: string; readonly name: string }
  /** Whoever is at the server's address has another key than the server had. */
  | {
    readonly type: "serverKeyChanged";
    /** As the user wrote it. */
    readonly server: string;
    readonly known: string;
    readonly announced: string;
    /** The client ends for it: it has never reached the server. */
    readonly ends: boolean;
  }
  | { readonly type: "serverSilent" }
  | { readonly type: "messagesWait"; readonly count: number }
  | { readonly type: "messagesLost"; readonly count: number }
  | { readonly type: "notDone"; readonly count: number }
  | { readonly type: "gaveUp" }
  | { readonly type: "exiting" }
  /** An action is over. */
  | { readonly type: "settled" }
  | { readonly type: "serverKey"; readonly name: string; readonly key: string }
  | { readonly type: "clientRegistered"; readonly nick: Nick; readonly address: Address }
  | {
    readonly type: "clientLeft";
    readonly nick: Nick;
    readonly how: "deregistered" | "left" | "silent";
  }
  | { readonly type: "dropped"; readonly count: number };

export type Stream = "screen" | "error" | "log" | "none";

export interface Rendered {
  readonly stream: Stream;
  readonly lines: readonly string[];
  /** Whether a command came to something else than what was asked for: a script's exit status tells. */
  readonly isFailure: boolean;
}

/** What a notice says. `utcOffset` is the reader's offset from UTC at an instant, in milliseconds. */
export function render(notice: Notice, utcOffset: (at: Millis) => Millis): Rendered {
  switch (notice.type) {
    case "started":
      return screen(
        `Client IP->${notice.own.host} Port->${notice.own.port}`,
        `Server IP->${notice.server.host} Port->${notice.server.port}`,
      );
    case "registered":
      return screen("SERVER: [Welcome, you are registered.]");
    case "tableChanged": {
      const rows = notice.rows.length <= TABLE_LINES ? notice.rows : notice.changed;
      return screen("[Client table updated.]", ...tableLines(notice.server, rows));
    }
    case "peersListed":
      return screen(...tableLines(notice.server, notice.rows, marksOf(notice)));
    case "directReceived":
      return screen(...messageLines("", notice.message, "", utcOffset));
    case "channelReceived": {
      const kind = notice.message.isOpen ? "[Channel_Message, not sealed, " : "[Channel_Message ";
      return screen(...messageLines(kind, notice.message, "]", utcOffset));
    }
    case "mailWaiting":
      return screen("SERVER: [You have messages]");
    case "missing":
      return screen(`[A message from ${notice.from} is missing.]`);
    case "exchanged":
      return screen(`[The message of ${notice.from} before this one is not the one that was sent.]`);
    case "unreadable":
      return screen(
        `[A message from ${notice.from} cannot be opened, ${
          notice.again ? "it was sealed twice" : "it will be sealed again"
        }.]`,
      );
    case "forged":
      return screen(
        `[A channel message under the name of ${notice.from} is not signed by ${notice.from}, it is not shown.]`,
      );
    case "postRepeated":
      return screen(`[An old channel message of ${notice.from} came once more, it is not shown.]`);
    case "postsMissing":
      return screen(
        `[${counted(notice.count, "channel message")} from ${notice.from} ${
          notice.count === 1 ? "is" : "are"
        } missing.]`,
      );
    case "postExchanged":
      return screen(`[The channel message of ${notice.from} before this one is not the one that was sent.]`);
    case "postSealed":
      return screen(
        `[A channel message of ${notice.from} is sealed under a channel key that this client does not have, see 'client --channel-key'.]`,
      );
    case "rowForged":
      return screen(
        `[The server gives keys for ${notice.nick} that ${notice.nick} did not sign, they are not used.]`,
      );
    case "peerKeyChanged":
      return failure(
        `[${notice.nick} has another key than the pinned one: somebody else may have the nick. ` +
          `Nothing is sent to ${notice.nick} until you say 'trust ${notice.nick}'.]`,
      );
    case "inviteDiffers":
      return screen(
        `[The invitation gives another key for ${notice.nick} than the one that is pinned, which stays.]`,
      );
    case "trusted": {
      const { nick, waiting } = notice;
      const goes = waiting === 0 ? "" : `, for ${counted(waiting, "message")} that waited as well`;
      return screen(
        `[The key that ${nick} has now is trusted${goes}. It is not verified: 'verify ${nick}'.]`,
      );
    }
    case "safetyNumber": {
      const { nick, number, isTrusted } = notice;
      return screen(
        `[Your safety number with ${nick}: ${number}]`,
        isTrusted
          ? `[${nick} is marked as verified. If ${nick} sees another number, somebody is between you: ` +
            `'trust ${nick}' takes the mark away.]`
          : `[This is of the key that ${nick} has now, another one than the pinned one. If ${nick} sees the same ` +
            `number, say 'trust ${nick}'.]`,
      );
    }
    case "yourself":
      return screen("[That is you.]");
    case "invite":
      return screen(writeInvitation(notice.server, notice.serverKey, notice));
    case "channelDropped":
      return screen(`[${counted(notice.count, "channel message")} dropped]`);
    case "delivered":
      return screen(`[Message received by ${notice.to}.]`);
    case "unanswered":
      return screen(`[No ACK from ${notice.to}, message sent to server.]`);
    case "stored":
      return screen("[Message received by SERVER.]", "SERVER: [Message received by the server and saved]");
    case "posted":
      return screen("[Message received by Server.]");
    case "collected":
      return screen(`[${notice.to} has collected ${counted(notice.count, "message")}.]`);
    case "failed":
      return failure(
        `[Message to ${notice.to === undefined ? "the channel" : notice.to} failed: ${
          FAILURES[notice.failure]
        }.]`,
      );
    case "unknownPeer":
      return failure(`[Unknown peer: ${notice.nick}]`);
    case "notYou":
      return failure(`[You are not ${notice.nick}.]`);
    case "youAreOffline":
      return failure(`[You are offline, 'reg ${notice.nick}' first.]`);
    case "alreadyRegistered":
      return failure(`[You are already registered as '${notice.nick}'.]`);
    case "belongsToOther":
      return failure(
        `[This client is '${notice.own}', start another one with 'client -n ${notice.nick}'.]`,
      );
    case "tooLong":
      return failure(`[Message too long: ${notice.bytes} bytes, at most ${TEXT_BYTES}.]`);
    case "tooMany":
      return failure(`[Too many messages wait: ${notice.count}, try again later.]`);
    case "nickOfAnotherKey":
      return failure(`[Nickname '${notice.nick}' belongs to another key.]`);
    case "nicksExhausted":
      return screen(
        notice.forNow
          ? "[The server takes no more new nicknames from your address for now.]"
          : "[The server takes no more nicknames.]",
      );
    case "replaced":
      return screen(
        `[You were registered as '${notice.nick}' from another place, this one is offline now.]`,
      );
    case "deregistered":
      return screen("[You are Offline. Bye.]");
    case "noServer":
      return rendered("error", [
        `no server at ${addressKey(notice.server)}, start one with 'deno task server'`,
      ]);
    case "otherVersions":
      return rendered("error", [
        `cannot talk to the server at ${
          addressKey(notice.server)
        }: it speaks version ${notice.versions} of ` +
        `the protocol and we version ${VERSION}, use the same release`,
      ]);
    case "serverMet":
      return screen(`[New server '${notice.name}', its key is ${notice.key}]`);
    case "serverKeyChanged":
      return keyChanged(notice);
    case "serverSilent":
      return screen("[Server not responding.]");
    case "messagesWait":
      return screen(
        notice.count === 1
          ? "[1 message waits and leaves at the next start.]"
          : `[${notice.count} messages wait and leave at the next start.]`,
      );
    case "messagesLost":
      return screen(`[${counted(notice.count, "message")} lost, nothing outlives this process.]`);
    case "notDone":
      return screen(`[${counted(notice.count, "command")} not carried out.]`);
    case "gaveUp":
      return screen("[Exiting.]");
    case "exiting":
      return screen("[Exiting]");
    case "settled":
      return rendered("none", []);
    case "serverKey":
      return log(`this is '${notice.name}', its key is ${notice.key}`);
    case "clientRegistered":
      return log(`${notice.nick} registered at ${addressKey(notice.address)}`);
    case "clientLeft":
      return log(`${notice.nick} is offline: ${notice.how}`);
    case "dropped":
      return log(
        `${counted(notice.count, "datagram")} dropped: not of this protocol, or from an address not proved`,
      );
  }
}

const FAILURES: Readonly<Record<Failure, string>> = {
  "other key": "the nickname belongs to another key",
  "unknown": "the server does not know the recipient",
  "quota": "the mailbox is full",
  "full": "the server takes no more mail",
  "rate": "the server is too busy",
  "known": "the server had it before, and its receipt is gone",
  "keys": "the recipient's keys are not valid",
  "unreadable": "the recipient could not open it, sealed twice",
  "refused": "the recipient knows another key of yours",
  "released": "the nickname was given up",
  "too old": "it waited for 7 days",
  "expired": "nobody collected it within 30 days",
};

function keyChanged(
  { server, known, announced, ends }: Extract<Notice, { type: "serverKeyChanged" }>,
): Rendered {
  const sentence =
    `the server at ${server} has the key '${announced}', not '${known}', which is known of it: somebody may be in its place. ` +
    `Ask its operator; if that is its key, take the line of ${server} out of the file 'known_servers', ` +
    `or start with '--server-key ${announced}'`;
  return ends ? rendered("error", [sentence]) : screen(`[${sentence}]`);
}

/** The border: whatever others put into a line is harmless from here on. */
function rendered(stream: Stream, lines: readonly string[], isFailure = false): Rendered {
  return { stream, lines: lines.map(harmless), isFailure };
}

function screen(...lines: string[]): Rendered {
  return rendered("screen", lines);
}

function failure(...lines: string[]): Rendered {
  return rendered("screen", lines, true);
}

function log(line: string): Rendered {
  return rendered("log", [line]);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function tableLines(
  server: Address,
  rows: readonly Row[],
  marks: (nick: Nick) => string = () => "",
): string[] {
  return [
    `${SERVER_NICK} @ ${addressKey(server)} is ONLINE`,
    ...rows.map((row) => {
      const address = row.addresses[0];
      const where = address === undefined ? "unknown" : addressKey(address);
      return `${row.nick} @ ${where} is ${row.online ? "ONLINE" : "OFFLINE"}${marks(row.nick)}`;
    }),
  ];
}

function marksOf({ verified, changed }: Extract<Notice, { type: "peersListed" }>): (nick: Nick) => string {
  return (nick) => {
    if (changed.includes(nick)) return " (another key than the pinned one)";
    return verified.includes(nick) ? " (verified)" : "";
  };
}

/** Further lines of a message are indented, so that nobody can fake a line of somebody else's. */
function messageLines(
  before: string,
  message: Shown,
  behind: string,
  utcOffset: (at: Millis) => Millis,
): string[] {
  const date = message.dated ? `${dateAndTime(message.sentAt + utcOffset(message.sentAt))} ` : "";
  const [first = "", ...further] = message.text.replaceAll("\r\n", "\n").split("\n");
  const lines = [`${before}${message.from}: ${date}${first}`, ...further.map((line) => `  ${line}`)];
  lines[lines.length - 1] += behind;
  return lines;
}
