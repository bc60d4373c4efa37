/**
 * Everything that a machine tells: the notices of a client to its user and those of a server to its log, and
 * all text of theirs that a user can see. No other file of the core holds a sentence for users.
 */
import { addressKey, isLoopback } from "./base/address.ts";
import {
  DAY_MS,
  FIRST_WORDS_COLUMNS,
  HOUR_MS,
  JOURNAL_READERS,
  MAIL_LIFE_MS,
  MESSAGE_LIFE_MS,
  TABLE_LINES,
  TEXT_BYTES,
} from "./base/limits.ts";
import { dateAndTime, firstWords, harmless } from "./base/text.ts";
import type { Address, Key, Millis } from "./base/units.ts";
import { VERSION } from "./base/version.ts";
import type { HistoryEntry, HistoryPage, HistoryQuery, WrittenMessage } from "./history.ts";
import type { Failure, JournalEvent, JournalPage, MessageState } from "./message.ts";
import { writeInvitation } from "./messages/invitation.ts";
import type { MessageId } from "./messages/message_id.ts";
import { type Nick, SERVER_NICK } from "./messages/nick.ts";
import type { Row } from "./messages/table.ts";
import type { RevocationAnswer } from "./messages/verb.ts";

export type { Failure, JournalEvent, JournalPage, MessageState } from "./message.ts";
export { MESSAGE_STATES } from "./message.ts";

/** How the way to the server or to a peer has been since its session began. */
export interface Way {
  /** The mean round trip; `undefined` if it is not known yet. */
  readonly rtt: Millis | undefined;
  /** How many packets have left that ask for an acknowledgement. */
  readonly sent: number;
  /** How many of them were lost. */
  readonly lost: number;
}

/** A nick, and the older one of somebody else that it looks like. */
export type LookAlike = readonly [nick: Nick, like: Nick];

/**
 * How many nicks there are, and how many of their owners are online, where the table is only a part of all.
 */
export interface TableCounts {
  /** All nicks. */
  readonly members: number;
  /** Those whose owners are online. */
  readonly online: number;
}

/** The result for a nick that is to be released: its owner is there, or was too lately, or nobody has it. */
export type ReleaseOutcome = "done" | "online" | "used" | "unknown";

/** All notices. Those from `serverKey` on come from a server, the others from a client. */
export type Notice =
  | { readonly type: "started"; readonly own: Address; readonly server: Address }
  | { readonly type: "registered" }
  | {
    readonly type: "tableChanged";
    readonly server: Address;
    readonly rows: readonly Row[];
    /** The rows that look different from before. */
    readonly changed: readonly Row[];
    readonly alike: readonly LookAlike[];
    /** `undefined` if the rows are all that there are. */
    readonly counts?: TableCounts | undefined;
  }
  | {
    readonly type: "peersListed";
    readonly server: Address;
    /** When the server was last heard, if it is silent. */
    readonly awaySince: Millis | "never" | undefined;
    readonly rows: readonly Row[];
    readonly verified: readonly Nick[];
    /** Nicks whose identity in the table is not the pinned one. */
    readonly changed: readonly Nick[];
    readonly alike: readonly LookAlike[];
    /** `undefined` if the rows are all that there are. */
    readonly counts?: TableCounts | undefined;
  }
  /** Somebody has registered a nick that looks like the older one `like` of somebody else. */
  | {
    readonly type: "lookAlike";
    readonly nick: Nick;
    readonly identity: Key;
    readonly like: Nick;
    readonly likeIdentity: Key;
  }
  | { readonly type: "directReceived"; readonly message: JournalEvent }
  | { readonly type: "channelReceived"; readonly message: JournalEvent }
  /** The messages follow that came while nobody was at the terminal. `dropped` ones before them are gone. */
  | { readonly type: "whileAway"; readonly dropped: number }
  /** There is no room to keep all messages for those who have not read them yet. It is said once. */
  | { readonly type: "journalFull" }
  /** A message that is not shown, because its sender brings too much. It stands in the journal. */
  | { readonly type: "foldedMessage"; readonly message: JournalEvent }
  /** The sender has brought so many more lines than anybody reads. */
  | { readonly type: "folded"; readonly from: Nick; readonly count: number }
  /** Messages that waited at the server follow. It is said once for each registration. */
  | { readonly type: "mailWaiting" }
  /** The message that follows is not the next one of its sender: the one before it has not come. */
  | { readonly type: "missing"; readonly from: Nick }
  /** The message shown before the one that follows has another text than its sender gave to that id. */
  | { readonly type: "exchanged"; readonly from: Nick }
  /** A letter does not open. Its sender is told; `again` means that this was already the second edition. */
  | { readonly type: "unreadable"; readonly from: Nick; readonly again: boolean }
  /** The signature of a channel message is not its sender's. */
  | { readonly type: "forged"; readonly from: Nick }
  /** A channel message comes behind later ones, and is so old that it may have been shown before. */
  | { readonly type: "postRepeated"; readonly from: Nick }
  /** The sender's numbers leave out so many channel messages before the one that follows. */
  | { readonly type: "postsMissing"; readonly from: Nick; readonly count: number }
  /** The channel message that follows names another one before it than the one that we have seen. */
  | { readonly type: "postExchanged"; readonly from: Nick }
  /** A channel message is sealed under a channel key that we do not have. */
  | { readonly type: "postSealed"; readonly from: Nick }
  /** The server has dropped so many channel messages before we had read them. */
  | { readonly type: "channelDropped"; readonly count: number }
  /** The server gives a bundle for a nick that its owner did not sign. The row is not taken. */
  | { readonly type: "rowForged"; readonly nick: Nick }
  /** A nick comes with another identity than the pinned one. Nothing is sent to it before `trust`. */
  | { readonly type: "peerKeyChanged"; readonly nick: Nick }
  /** The recipient has not been there since version 3: a message waits until it has registered. */
  | { readonly type: "waitsForKeys"; readonly to: Nick }
  /** The pinned identity has named a successor, which is pinned now. The mark of `verify` is gone. */
  | { readonly type: "peerSucceeded"; readonly nick: Nick; readonly wasVerified: boolean }
  /** The identity of a nick was revoked by its owner. Nothing is sent to it or shown of it any more. */
  | { readonly type: "peerRevoked"; readonly nick: Nick }
  /** The invitation gives another identity than the pinned one, which stays. */
  | { readonly type: "inviteDiffers"; readonly nick: Nick }
  /** This key is pinned. `waiting` messages that were written before will be sealed for it. */
  | { readonly type: "trusted"; readonly nick: Nick; readonly identity: Key; readonly waiting: number }
  | {
    readonly type: "safetyNumber";
    readonly nick: Nick;
    readonly number: string;
    /** Whether the number is about the pinned identity. Only that one can be marked as verified. */
    readonly isTrusted: boolean;
  }
  /** The user has named digits of the safety number, and the nick counts as verified now. */
  | { readonly type: "verified"; readonly nick: Nick }
  /** The digits that the user has named do not end the safety number. */
  | { readonly type: "digitsDiffer"; readonly nick: Nick }
  /** The user asked to trust or to verify themselves. */
  | { readonly type: "yourself" }
  | {
    readonly type: "invite";
    /** HOST:PORT as the user wrote it. */
    readonly server: string;
    readonly serverKey: string;
    readonly nick: Nick;
    readonly identity: string;
  }
  /** The invitation names the server by an address that is of this machine alone. */
  | { readonly type: "inviteIsLocal"; readonly server: string }
  /** The recipient's receipt has come directly, or the message was to ourselves. */
  | {
    readonly type: "delivered";
    readonly to: Nick;
    /** The message's text, if several to the same recipient wait: the line says which one this is. */
    readonly text: string | undefined;
  }
  /** No receipt within 500 ms: the server gets the message as well. */
  | { readonly type: "unanswered"; readonly to: Nick }
  /** The server has saved a letter of ours. */
  | { readonly type: "stored" }
  /** The server has saved a channel message of ours. */
  | { readonly type: "posted" }
  /** The recipient has read so many letters that the server had stored. */
  | { readonly type: "collected"; readonly to: Nick; readonly count: number }
  /** A message will never arrive. `to` is undefined for a channel message. */
  | { readonly type: "failed"; readonly to: Nick | undefined; readonly failure: Failure }
  | { readonly type: "unknownPeer"; readonly nick: string }
  | { readonly type: "notYou"; readonly nick: string }
  | { readonly type: "youAreOffline"; readonly nick: Nick }
  | { readonly type: "alreadyRegistered"; readonly nick: Nick }
  | { readonly type: "belongsToOther"; readonly own: Nick; readonly nick: string }
  | { readonly type: "tooLong"; readonly bytes: number }
  | { readonly type: "tooMany"; readonly count: number }
  /** The server refuses the nick: another identity registered it first. */
  | { readonly type: "nickOfAnotherKey"; readonly nick: Nick }
  /** The server takes our identity no more: it was revoked, or has a successor. */
  | { readonly type: "identityEnded"; readonly nick: Nick }
  /** The server's answer to the revocation that the user has handed in. */
  | { readonly type: "revocationAnswered"; readonly nick: Nick; readonly answer: RevocationAnswer }
  /** The server takes no new nick: for now and from this address (`forNow`), or at all. */
  | { readonly type: "nicksExhausted"; readonly forNow: boolean }
  /** The server refuses a client that only sends, because the nick's holder is online. */
  | { readonly type: "nickOnline"; readonly nick: Nick }
  /** The same identity has registered from another place, so this client is offline. */
  | { readonly type: "replaced"; readonly nick: Nick }
  | { readonly type: "deregistered" }
  /** Nothing has ever been heard from the server's address. The client ends. */
  | { readonly type: "noServer"; readonly server: Address }
  /** The program at the server's address speaks only these versions of the protocol. The client ends. */
  | { readonly type: "otherVersions"; readonly server: Address; readonly versions: readonly number[] }
  /** The first contact: the server has proved that it holds this key. */
  | { readonly type: "serverMet"; readonly key: string; readonly name: string }
  /** The server is the one that the user knows under another name, HOST:PORT. */
  | { readonly type: "serverRecognized"; readonly knownAs: string }
  /** The state folder is new, and so is the user's identity in it. */
  | { readonly type: "identityMade"; readonly nick: Nick }
  /** The user's identity is new, and ends with the process. */
  | { readonly type: "identityPassing"; readonly nick: Nick }
  /** There is another folder with a state of this nick at this server. */
  | { readonly type: "otherState"; readonly nick: Nick; readonly folder: string }
  /** Somebody at the server's address announces another key than the one that we know. */
  | {
    readonly type: "serverKeyChanged";
    /** HOST:PORT as the user wrote it. */
    readonly server: string;
    readonly known: string;
    /** Whether the client ends: it does unless it has already been in touch with the server that it knows. */
    readonly ends: boolean;
  }
  | { readonly type: "serverSilent" }
  /** The server is silent, and the client waits for it. */
  | { readonly type: "staying" }
  /** The server is heard again, after the user was told that it is silent. */
  | { readonly type: "serverBack" }
  /** At the exit: so many messages are in the state folder and leave at the next start. */
  | { readonly type: "messagesWait"; readonly count: number }
  /** At the exit: so many messages are lost, because the client keeps no state folder. */
  | { readonly type: "messagesLost"; readonly count: number }
  /** At the exit: so many actions still waited for the answer to a registration or deregistration. */
  | { readonly type: "notDone"; readonly count: number }
  /** The client ends because a server that it has been in touch with does not answer any more. */
  | { readonly type: "gaveUp" }
  /** The client ends because the user or the end of the input asks for it. */
  | { readonly type: "exiting" }
  /** A message that a script has sent, or asks for, has come so far. It has no text. */
  | {
    readonly type: "messageState";
    readonly id: MessageId;
    /** The recipient; `undefined` for the channel. */
    readonly to: Nick | undefined;
    readonly state: MessageState;
    readonly failure: Failure | undefined;
    /** The name of the send; empty if it has none. */
    readonly once: string;
  }
  /** Nobody knows what became of the message with this id. */
  | { readonly type: "unknownMessage"; readonly id: string }
  /** All mail is here that waited at the server when the client came online. It has no text. */
  | { readonly type: "mailRead" }
  /** A part of the journal, and where the program goes on that asked for it. It has no text. */
  | { readonly type: "journalRead"; readonly page: JournalPage; readonly place: number | undefined }
  /** A part of the history that was asked for; `undefined` if none is kept. */
  | { readonly type: "historyRead"; readonly query: HistoryQuery; readonly page: HistoryPage | undefined }
  /** Nicks that begin with this: all of them, or some of many. It has no text. */
  | { readonly type: "nicksFound"; readonly prefix: string; readonly nicks: readonly Nick[] }
  /** How the ways are now, and how many messages of ours wait for a receipt. It has no text. */
  | {
    readonly type: "waysListed";
    /** `undefined` without a session. */
    readonly server: Way | undefined;
    /** The peers with whom there is a session: what is written to them goes directly. */
    readonly peers: readonly (readonly [nick: Nick, way: Way])[];
    readonly waiting: number;
  }
  /** Too many programs read the journal. */
  | { readonly type: "tooManyReaders" }
  /** An action is over, see `Action`. It has no text. */
  | { readonly type: "settled" }
  | { readonly type: "serverKey"; readonly name: string; readonly key: string }
  | {
    readonly type: "clientRegistered";
    readonly nick: Nick;
    readonly address: Address;
    readonly sendsOnly: boolean;
  }
  | {
    readonly type: "clientLeft";
    readonly nick: Nick;
    readonly how: "deregistered" | "left" | "silent" | "revoked";
  }
  /** Nobody has used the nick since it was registered, so it is free again. */
  | { readonly type: "nickFreed"; readonly nick: Nick }
  /** The operator asked for the release of a nick, to which so many letters have failed. */
  | {
    readonly type: "released";
    readonly nick: Nick;
    readonly outcome: ReleaseOutcome;
    readonly letters: number;
  }
  /** The wall clock was set, forward or back, or more time than counts went by without a process. */
  | { readonly type: "clockSet"; readonly by: Millis }
  /** So many datagrams since the last such notice meant nothing to the server. */
  | { readonly type: "dropped"; readonly count: number };

/** The place of lines: the client's screen, standard error before the client ends, or the log. */
export type Stream = "screen" | "error" | "log" | "none";

export interface Rendered {
  readonly stream: Stream;
  readonly lines: readonly string[];
  /** A command did not do what the user asked for: a script that gave it exits with status 1. */
  readonly isFailure: boolean;
}

/**
 * The text of a notice, harmless for a terminal. `utcOffset` gives the reader's offset from UTC at an
 * instant, in milliseconds.
 */
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
      return screen(
        "[Client table updated.]",
        serverLine(notice.server, undefined, utcOffset),
        ...rowLines(rows, marksOf(notice)),
        ...countLines(notice.counts),
      );
    }
    case "peersListed":
      return screen(
        serverLine(notice.server, notice.awaySince, utcOffset),
        ...rowLines(notice.rows, marksOf(notice)),
        ...countLines(notice.counts),
      );
    case "lookAlike": {
      const { identity, like, likeIdentity, nick } = notice;
      return screen(
        `[The new nickname '${nick}' looks like '${like}', and is somebody else's. ` +
          `The key of the new one is ${identity}, that of '${like}' is ${likeIdentity}.]`,
      );
    }
    case "directReceived":
      return screen(...messageLines("", notice.message, "", utcOffset));
    case "channelReceived": {
      const kind = notice.message.isOpen ? "[Channel_Message, not sealed, " : "[Channel_Message ";
      return screen(...messageLines(kind, notice.message, "]", utcOffset));
    }
    case "whileAway": {
      const dropped = counted(notice.dropped, "further message");
      return screen("[While you were away]", ...(notice.dropped > 0 ? [`[${dropped} found no room.]`] : []));
    }
    case "journalFull":
      return screen(
        "[No room to keep more messages for those who have not read them: old ones are dropped.]",
      );
    case "folded":
      return screen(`[${notice.count} more from ${notice.from}.]`);
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
    case "waitsForKeys":
      return screen(
        `[${notice.to} has not been there since the change to version 4, the message waits until then.]`,
      );
    case "peerSucceeded": {
      const { nick, wasVerified } = notice;
      const advice = wasVerified ? ` It is not verified: 'verify ${nick}'.` : "";
      return screen(`[${nick} has a new identity, signed by the old one.${advice}]`);
    }
    case "peerRevoked":
      return failure(`[${notice.nick}'s identity was revoked by its owner.]`);
    case "inviteDiffers":
      return screen(
        `[The invitation gives another key for ${notice.nick} than the one that is pinned, which stays.]`,
      );
    case "trusted": {
      const { nick, identity, waiting } = notice;
      const goes = waiting === 0 ? "" : `, for ${counted(waiting, "message")} that waited as well`;
      return screen(
        `[The key that ${nick} has now is trusted${goes}: ${identity}. It is not verified: 'verify ${nick}'.]`,
      );
    }
    case "safetyNumber": {
      const { nick, number, isTrusted } = notice;
      return screen(
        `[Your safety number with ${nick}: ${number}]`,
        isTrusted
          ? `[Read it to each other by other means. If they are the same, say 'verify ${nick} DIGITS' with what ` +
            `${nick} reads, the last five are enough; if not, somebody is between you.]`
          : `[This is of the key that ${nick} has now, another one than the pinned one. If ${nick} sees the same ` +
            `number, say 'trust ${nick}'.]`,
      );
    }
    case "verified":
      return screen(`[${notice.nick} is marked as verified, 'trust ${notice.nick}' takes the mark away.]`);
    case "digitsDiffer":
      return failure(
        `[Your safety number with ${notice.nick} does not end so, nothing is marked: compare again with ` +
          `'verify ${notice.nick}'. If ${notice.nick} sees another number, somebody is between you.]`,
      );
    case "yourself":
      return screen("[That is you.]");
    case "invite":
      return screen(writeInvitation(notice.server, notice.serverKey, notice));
    case "inviteIsLocal":
      return screen(
        `[Nobody else reaches ${notice.server}: start with '-i ADDRESS', the server's address in your network, and invite then.]`,
      );
    case "channelDropped":
      return screen(`[${counted(notice.count, "channel message")} dropped]`);
    case "delivered":
      return screen(
        notice.text === undefined
          ? `[Message received by ${notice.to}.]`
          : `[Message received by ${notice.to}: "${firstWords(notice.text, FIRST_WORDS_COLUMNS)}".]`,
      );
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
      return failure(
        `[Nickname '${notice.nick}' belongs to another key.]`,
        `[If it is yours, bring its key: '--identity FILE', a copy of the file 'identity' of its state folder. ` +
          `If that is lost, the server's operator can make the nickname free: 'nicks --release ${notice.nick}'.]`,
      );
    case "identityEnded":
      return failure(`[This identity of '${notice.nick}' has ended: it was revoked, or has a successor.]`);
    case "revocationAnswered": {
      const sentence = REVOCATION_ANSWERED[notice.answer](notice.nick);
      return notice.answer === "done" ? screen(sentence) : failure(sentence);
    }
    case "nicksExhausted":
      return screen(
        notice.forNow
          ? "[The server takes no more new nicknames from your address for now.]"
          : "[The server takes no more nicknames.]",
      );
    case "nickOnline":
      return failure(
        `[${notice.nick} is online in another client: send from there, or end that one first.]`,
      );
    case "replaced":
      return screen(
        `[You were registered as '${notice.nick}' from another place, this one is offline now.]`,
      );
    case "deregistered":
      return screen("[You are Offline. Bye.]");
    case "noServer":
      // Nobody here knows whether a server on another host runs: packets may be dropped on the way.
      return rendered("error", [
        isLoopback(notice.server)
          ? `no server at ${addressKey(notice.server)}, start one with 'deno task server'`
          : `no answer from ${addressKey(notice.server)}: is it running, and does a firewall let UDP port ` +
            `${notice.server.port} in?`,
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
    case "serverRecognized":
      return screen(`[This is the server you know as ${notice.knownAs}.]`);
    case "identityMade":
      return screen(
        `[New identity for ${notice.nick}: keep a copy of the file 'identity' in its state folder.]`,
      );
    case "identityPassing":
      return screen(`[New identity for ${notice.nick}, for this process alone: nothing outlives it.]`);
    case "otherState":
      return screen(`[There is another state of ${notice.nick} at this server, unused: '${notice.folder}'.]`);
    case "serverKeyChanged":
      return keyChanged(notice);
    case "serverSilent":
      return screen("[Server not responding.]");
    case "staying":
      return screen("[Staying: what you write waits until the server is back.]");
    case "serverBack":
      return screen("[The server is back.]");
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
    case "unknownMessage":
      return failure(`[Nothing is known of the message '${notice.id}'.]`);
    case "historyRead":
      if (notice.page === undefined) return failure("[No history is kept.]");
      return screen(...historyLines(notice.query, notice.page, utcOffset));
    case "tooManyReaders":
      return failure(`[Too many programs read under names of their own: ${JOURNAL_READERS}.]`);
    case "messageState":
    case "foldedMessage":
    case "journalRead":
    case "mailRead":
    case "nicksFound":
    case "settled":
    case "waysListed":
      return rendered("none", []);
    case "serverKey":
      return log(`this is '${notice.name}', its key is ${notice.key}`);
    case "clientRegistered":
      return log(
        `${notice.nick} registered ${notice.sendsOnly ? "only to send " : ""}at ${
          addressKey(notice.address)
        }`,
      );
    case "clientLeft":
      return log(`${notice.nick} is offline: ${notice.how}`);
    case "nickFreed":
      return log(`${notice.nick} is free: it was not used since it was registered`);
    case "released":
      return log(releaseLine(notice));
    case "clockSet":
      return log(clockLine(notice.by));
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
  "revoked": "the recipient's identity was revoked",
  "known": "the server had it before, and its receipt is gone",
  "online": "the nickname is online in another client",
  "keys": "the recipient's keys are not valid",
  "unreadable": "the recipient could not open it, sealed twice",
  "refused": "the recipient knows another key of yours",
  "released": "the nickname was given up",
  "forgotten": "the recipient may have had it long ago, and cannot tell",
  "too old": `it waited for ${MESSAGE_LIFE_MS / DAY_MS} days`,
  "expired": `nobody collected it within ${MAIL_LIFE_MS / DAY_MS} days`,
};

/** True if a word stands for a reason why a message has failed. */
export function isFailure(word: string): word is Failure {
  return Object.hasOwn(FAILURES, word);
}

const REVOCATION_ANSWERED: Readonly<Record<RevocationAnswer, (nick: Nick) => string>> = {
  done: (nick) => `[The identity of ${nick} has ended at the server, for good.]`,
  unknown: (nick) => `[The server does not know this identity of ${nick}, nothing has changed.]`,
  forged: () => "[The signature is not right, nothing has changed.]",
  rate: () => "[The server takes no more revocations from your address for now, try again in a minute.]",
};

/** The sentence has to help a user who has no other: it says what to do in either case. */
function keyChanged(
  { server, known, ends }: Extract<Notice, { type: "serverKeyChanged" }>,
): Rendered {
  // The other key is not shown: nobody is to take it from here, where an attacker has put it.
  const sentence =
    `the server at ${server} has another key than '${known}', which is known of it: somebody may be in its place. ` +
    "Ask its operator for its key: if it has a new one, start with '--server-key' and the key that you were told";
  return ends ? rendered("error", [sentence]) : screen(`[${sentence}]`);
}

/**
 * The one place where lines leave the core (docs/security.md, "The threat model"): whatever a peer or the
 * server put into one is harmless from here on.
 */
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

/** `1 message`, `2 messages`. */
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The line about a wall clock that was set, or that went on while no process did. */
function clockLine(by: Millis): string {
  const span = Math.abs(by);
  const how = span < 2 * HOUR_MS
    ? counted(Math.round(span / 1000), "second")
    : span < 2 * DAY_MS
    ? counted(Math.round(span / HOUR_MS), "hour")
    : counted(Math.round(span / DAY_MS), "day");
  return `the clock went ${by < 0 ? "back" : "forward"} by ${how}: nothing becomes older by that`;
}

const RELEASES: Readonly<Record<Exclude<ReleaseOutcome, "done">, string>> = {
  online: "its owner is online, and would register it again",
  used: "its owner was there lately",
  unknown: "nobody has it",
};

function releaseLine({ nick, outcome, letters }: Extract<Notice, { type: "released" }>): string {
  if (outcome !== "done") return `${nick} is not released: ${RELEASES[outcome]}`;
  return `${nick} is free: the operator has released it, ${counted(letters, "letter")} to it failed`;
}

function serverLine(
  server: Address,
  awaySince: Millis | "never" | undefined,
  utcOffset: (at: Millis) => Millis,
): string {
  const where = `${SERVER_NICK} @ ${addressKey(server)}`;
  if (awaySince === undefined) return `${where} is ONLINE`;
  if (awaySince === "never") return `${where} is AWAY`;
  return `${where} is AWAY since ${dateAndTime(awaySince + utcOffset(awaySince))}`;
}

function rowLines(rows: readonly Row[], marks: (nick: Nick) => string): string[] {
  return rows.map((row) => {
    const address = row.addresses[0];
    const where = address === undefined ? "unknown" : addressKey(address);
    return `${row.nick} @ ${where} is ${row.online ? "ONLINE" : "OFFLINE"}${marks(row.nick)}`;
  });
}

/** Says that there are more nicks than those in the lines before. */
function countLines(counts: TableCounts | undefined): string[] {
  if (counts === undefined) return [];
  return [`[${counts.online} of ${counts.members} are ONLINE, shown are those you have to do with.]`];
}

/** The note beside a nick in a list of peers. An update of the table notes only whom it looks like. */
function marksOf(
  { alike, rows, ...more }: Extract<Notice, { type: "peersListed" | "tableChanged" }>,
): (nick: Nick) => string {
  const marks = new Map<Nick, string>();
  for (const [nick, like] of alike) marks.set(nick, ` (looks like ${like})`);
  if (more.type === "tableChanged") return (nick) => marks.get(nick) ?? "";
  const { changed, verified } = more;
  for (const nick of verified) marks.set(nick, " (verified)");
  for (const nick of changed) marks.set(nick, " (another key than the pinned one)");
  for (const { nick, revocation } of rows) if (revocation.length > 0) marks.set(nick, " (revoked)");
  return (nick) => marks.get(nick) ?? "";
}

/** The lines of a part of the history, with what is missing in it. */
function historyLines(
  { peer, shownOnly, words }: HistoryQuery,
  { entries, isCut, next }: HistoryPage,
  utcOffset: (at: Millis) => Millis,
): string[] {
  const isSearch = words !== undefined;
  const lines = entries.flatMap((entry) => entryLines(entry, peer === undefined, isSearch, utcOffset));
  if (isSearch) return lines;
  if (isCut) return ["[What is older is not kept any more.]", ...lines];
  if (next === undefined && lines.length === 0 && !shownOnly) return ["[The history has nothing of that.]"];
  return lines;
}

/** A message that was found by its words stands alone, so nothing is said of those missing before it. */
function entryLines(
  { memory, missed }: HistoryEntry,
  isOfAll: boolean,
  isSearch: boolean,
  utcOffset: (at: Millis) => Millis,
): string[] {
  const before = missed === 0 || isSearch
    ? []
    : [`[${counted(missed, "message")} that came before the next one: no history was kept.]`];
  if (memory === undefined) {
    return [...before, "[A message cannot be opened: somebody has changed the file.]"];
  }
  if (memory.type === "gap") {
    const whose = memory.from === undefined ? "" : ` of ${memory.from}`;
    return [...before, `[${counted(memory.count, "channel message")}${whose} missing.]`];
  }
  if (memory.type === "written") return [...before, ...writtenLines(memory.message, isOfAll, utcOffset)];
  const { message } = memory;
  if (message.isBehindGap && !isSearch) before.push(`[A message from ${message.from} is missing.]`);
  const type = message.channel ? "channelReceived" : "directReceived";
  return [...before, ...render({ type, message: { ...message, dated: true } }, utcOffset).lines];
}

/** A message of ours. How far it has come stands before the text, which could say anything. */
function writtenLines(
  { failure, from, sentAt, state, text, to }: WrittenMessage,
  isOfAll: boolean,
  utcOffset: (at: Millis) => Millis,
): string[] {
  const isThere = state === "delivered" || (to === undefined && state === "stored");
  const why = failure === undefined ? "" : `: ${FAILURES[failure]}`;
  const how = isThere ? "" : ` [${state}${why}]`;
  const whom = to === undefined || !isOfAll ? "" : ` to ${to}`;
  const message = { from: `${from}${whom}${how}`, like: undefined, dated: true, sentAt, text };
  const [before, behind] = to === undefined ? ["[Channel_Message ", "]"] : ["", ""];
  return messageLines(before, message, behind, utcOffset);
}

/** All lines but the first are indented, so that no text can look like a message of somebody else. */
function messageLines(
  before: string,
  message: Pick<JournalEvent, "from" | "like" | "dated" | "sentAt" | "text">,
  behind: string,
  utcOffset: (at: Millis) => Millis,
): string[] {
  const date = message.dated ? `${dateAndTime(message.sentAt + utcOffset(message.sentAt))} ` : "";
  const [first = "", ...further] = message.text.replaceAll("\r\n", "\n").split("\n");
  const like = message.like === undefined ? "" : ` (looks like ${message.like})`;
  const lines = [`${before}${message.from}${like}: ${date}${first}`, ...further.map((line) => `  ${line}`)];
  lines[lines.length - 1] += behind;
  return lines;
}
