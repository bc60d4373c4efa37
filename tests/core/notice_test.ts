/** Every line of the table of what the user sees, letter for letter. */
import { assertEquals } from "@std/assert";
import { DAY_MS, HOUR_MS, TABLE_LINES } from "../../core/base/limits.ts";
import type { Millis } from "../../core/base/units.ts";
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import type { Row } from "../../core/messages/table.ts";
import {
  type JournalEvent,
  type Notice,
  type ReleaseOutcome,
  render,
  type Rendered,
} from "../../core/notice.ts";
import { BUNDLE, KEY, SIGNATURE } from "../kit/samples.ts";

const UTC = () => 0;
const SERVER = { host: "127.0.0.1", port: 9999 };
const SENT_AT = Date.UTC(2022, 2, 22, 21, 35, 12, 521);

const message = (text: string, dated = false, isOpen = false): JournalEvent => ({
  number: 1,
  id: "0".repeat(32),
  channel: false,
  from: "x",
  text,
  sentAt: SENT_AT,
  dated,
  isOpen,
  like: undefined,
  isBehindGap: false,
  isExchanged: false,
});
const row = (nick: string, online = true): Row => ({
  nick,
  skeleton: nick,
  ...BUNDLE,
  ordinal: 1,
  online,
  addresses: [{ host: "127.0.0.1", port: 3001 }],
  ...NO_LINEAGE,
});
const table = (rows: readonly Row[], changed: readonly Row[] = rows): Notice => ({
  type: "tableChanged",
  server: SERVER,
  rows,
  changed,
  alike: [],
});
const peers = (rows: readonly Row[], verified: string[] = [], changed: string[] = []): Notice => (
  { type: "peersListed", server: SERVER, awaySince: undefined, rows, verified, changed, alike: [] }
);

const SCREEN: readonly [Notice, ...string[]][] = [
  [
    { type: "started", own: { host: "127.0.0.1", port: 3001 }, server: SERVER },
    "Client IP->127.0.0.1 Port->3001",
    "Server IP->127.0.0.1 Port->9999",
  ],
  [{ type: "registered" }, "SERVER: [Welcome, you are registered.]"],
  [
    table([row("x"), row("y", false)]),
    "[Client table updated.]",
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is ONLINE",
    "y @ 127.0.0.1:3001 is OFFLINE",
  ],
  [
    peers([row("x")]),
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is ONLINE",
  ],
  [
    peers([row("x"), row("y", false), row("z")], ["y"], ["z"]),
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is ONLINE",
    "y @ 127.0.0.1:3001 is OFFLINE (verified)",
    "z @ 127.0.0.1:3001 is ONLINE (another key than the pinned one)",
  ],
  [
    peers([{ ...row("x", false), revocation: [{ identity: KEY, signature: SIGNATURE }] }], [], ["x"]),
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is OFFLINE (revoked)",
  ],
  [{ type: "directReceived", message: message("hi  there") }, "x: hi  there"],
  [{ type: "directReceived", message: message("hi", true) }, "x: 2022-03-22 21:35:12.521000 hi"],
  [{ type: "channelReceived", message: message("hi") }, "[Channel_Message x: hi]"],
  [
    { type: "channelReceived", message: message("hi", true) },
    "[Channel_Message x: 2022-03-22 21:35:12.521000 hi]",
  ],
  [{ type: "channelReceived", message: message("hi", false, true) }, "[Channel_Message, not sealed, x: hi]"],
  [{ type: "delivered", to: "y", text: undefined }, "[Message received by y.]"],
  [{ type: "delivered", to: "y", text: "one two" }, '[Message received by y: "one two".]'],
  [{ type: "unanswered", to: "y" }, "[No ACK from y, message sent to server.]"],
  [
    { type: "stored" },
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
  ],
  [{ type: "posted" }, "[Message received by Server.]"],
  [{ type: "collected", to: "y", count: 3 }, "[y has collected 3 messages.]"],
  [{ type: "collected", to: "y", count: 1 }, "[y has collected 1 message.]"],
  [
    { type: "tableChanged", server: SERVER, rows: [row("x")], changed: [], alike: [["x", "y"]] },
    "[Client table updated.]",
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is ONLINE (looks like y)",
  ],
  [
    { type: "directReceived", message: { ...message("hi\nyou"), like: "y" } },
    "x (looks like y): hi",
    "  you",
  ],
  [
    { type: "lookAlike", nick: "x", identity: "k", like: "y", likeIdentity: "l" },
    "[The new nickname 'x' looks like 'y', and is somebody else's. " +
    "The key of the new one is k, that of 'y' is l.]",
  ],
  [{ type: "mailWaiting" }, "SERVER: [You have messages]"],
  [{ type: "folded", from: "mallory", count: 412 }, "[412 more from mallory.]"],
  [
    { type: "identityPassing", nick: "x" },
    "[New identity for x, for this process alone: nothing outlives it.]",
  ],
  [{ type: "whileAway", dropped: 0 }, "[While you were away]"],
  [{ type: "whileAway", dropped: 1 }, "[While you were away]", "[1 further message found no room.]"],
  [
    { type: "journalFull" },
    "[No room to keep more messages for those who have not read them: old ones are dropped.]",
  ],
  [{ type: "missing", from: "x" }, "[A message from x is missing.]"],
  [
    { type: "exchanged", from: "x" },
    "[The message of x before this one is not the one that was sent.]",
  ],
  [
    { type: "unreadable", from: "x", again: false },
    "[A message from x cannot be opened, it will be sealed again.]",
  ],
  [
    { type: "forged", from: "x" },
    "[A channel message under the name of x is not signed by x, it is not shown.]",
  ],
  [
    { type: "postRepeated", from: "x" },
    "[An old channel message of x came once more, it is not shown.]",
  ],
  [{ type: "postsMissing", from: "x", count: 1 }, "[1 channel message from x is missing.]"],
  [{ type: "postsMissing", from: "x", count: 2 }, "[2 channel messages from x are missing.]"],
  [
    { type: "postExchanged", from: "x" },
    "[The channel message of x before this one is not the one that was sent.]",
  ],
  [
    { type: "postSealed", from: "x" },
    "[A channel message of x is sealed under a channel key that this client does not have, see 'client --channel-key'.]",
  ],
  [
    { type: "rowForged", nick: "x" },
    "[The server gives keys for x that x did not sign, they are not used.]",
  ],
  [
    { type: "peerKeyChanged", nick: "x" },
    "[x has another key than the pinned one: somebody else may have the nick. " +
    "Nothing is sent to x until you say 'trust x'.]",
  ],
  [
    { type: "peerSucceeded", nick: "x", wasVerified: false },
    "[x has a new identity, signed by the old one.]",
  ],
  [
    { type: "peerSucceeded", nick: "x", wasVerified: true },
    "[x has a new identity, signed by the old one. It is not verified: 'verify x'.]",
  ],
  [{ type: "peerRevoked", nick: "x" }, "[x's identity was revoked by its owner.]"],
  [
    { type: "identityEnded", nick: "x" },
    "[This identity of 'x' has ended: it was revoked, or has a successor.]",
  ],
  [
    { type: "revocationAnswered", nick: "x", answer: "done" },
    "[The identity of x has ended at the server, for good.]",
  ],
  [
    { type: "revocationAnswered", nick: "x", answer: "unknown" },
    "[The server does not know this identity of x, nothing has changed.]",
  ],
  [
    { type: "revocationAnswered", nick: "x", answer: "forged" },
    "[The signature is not right, nothing has changed.]",
  ],
  [
    { type: "revocationAnswered", nick: "x", answer: "rate" },
    "[The server takes no more revocations from your address for now, try again in a minute.]",
  ],
  [
    { type: "inviteDiffers", nick: "x" },
    "[The invitation gives another key for x than the one that is pinned, which stays.]",
  ],
  [
    { type: "trusted", nick: "x", identity: KEY, waiting: 0 },
    `[The key that x has now is trusted: ${KEY}. It is not verified: 'verify x'.]`,
  ],
  [
    { type: "safetyNumber", nick: "x", number: "01234 56789", isTrusted: true },
    "[Your safety number with x: 01234 56789]",
    "[Read it to each other by other means. If they are the same, say 'verify x DIGITS' with what x reads, " +
    "the last five are enough; if not, somebody is between you.]",
  ],
  [{ type: "verified", nick: "x" }, "[x is marked as verified, 'trust x' takes the mark away.]"],
  [
    { type: "digitsDiffer", nick: "x" },
    "[Your safety number with x does not end so, nothing is marked: compare again with 'verify x'. " +
    "If x sees another number, somebody is between you.]",
  ],
  [
    { type: "invite", server: "chat.example:9999", serverKey: KEY, nick: "x", identity: BUNDLE.identity },
    `parley://chat.example:9999/?server=${KEY}&peer=x:${BUNDLE.identity}`,
  ],
  [
    { type: "invite", server: "[::1]:9999", serverKey: KEY, nick: "Zoë", identity: BUNDLE.identity },
    `parley://[::1]:9999/?server=${KEY}&peer=Zo%C3%AB:${BUNDLE.identity}`,
  ],
  [
    { type: "inviteIsLocal", server: "[::1]:9999" },
    "[Nobody else reaches [::1]:9999: start with '-i ADDRESS', the server's address in your network, and invite then.]",
  ],
  [{ type: "channelDropped", count: 2 }, "[2 channel messages dropped]"],
  [{ type: "channelDropped", count: 1 }, "[1 channel message dropped]"],
  [{ type: "failed", to: "y", failure: "quota" }, "[Message to y failed: the mailbox is full.]"],
  [
    { type: "failed", to: undefined, failure: "full" },
    "[Message to the channel failed: the server takes no more mail.]",
  ],
  [
    { type: "failed", to: "y", failure: "unknown" },
    "[Message to y failed: the server does not know the recipient.]",
  ],
  [
    { type: "failed", to: "y", failure: "other key" },
    "[Message to y failed: the nickname belongs to another key.]",
  ],
  [{ type: "failed", to: "y", failure: "rate" }, "[Message to y failed: the server is too busy.]"],
  [
    { type: "failed", to: "y", failure: "known" },
    "[Message to y failed: the server had it before, and its receipt is gone.]",
  ],
  [
    { type: "failed", to: "y", failure: "unreadable" },
    "[Message to y failed: the recipient could not open it, sealed twice.]",
  ],
  [
    { type: "failed", to: "y", failure: "refused" },
    "[Message to y failed: the recipient knows another key of yours.]",
  ],
  [{ type: "failed", to: "y", failure: "released" }, "[Message to y failed: the nickname was given up.]"],
  [{ type: "failed", to: "y", failure: "too old" }, "[Message to y failed: it waited for 7 days.]"],
  [
    { type: "failed", to: "y", failure: "expired" },
    "[Message to y failed: nobody collected it within 30 days.]",
  ],
  [{ type: "unknownPeer", nick: "z" }, "[Unknown peer: z]"],
  [{ type: "notYou", nick: "y" }, "[You are not y.]"],
  [{ type: "youAreOffline", nick: "x" }, "[You are offline, 'reg x' first.]"],
  [{ type: "alreadyRegistered", nick: "x" }, "[You are already registered as 'x'.]"],
  [
    { type: "nickOfAnotherKey", nick: "x" },
    "[Nickname 'x' belongs to another key.]",
    "[If it is yours, bring its key: '--identity FILE', a copy of the file 'identity' of its state folder. " +
    "If that is lost, the server's operator can make the nickname free: 'nicks --release x'.]",
  ],
  [{ type: "tooLong", bytes: 1312 }, "[Message too long: 1312 bytes, at most 65536.]"],
  [{ type: "tooMany", count: 10_000 }, "[Too many messages wait: 10000, try again later.]"],
  [{ type: "nicksExhausted", forNow: false }, "[The server takes no more nicknames.]"],
  [
    { type: "nicksExhausted", forNow: true },
    "[The server takes no more new nicknames from your address for now.]",
  ],
  [
    { type: "belongsToOther", own: "x", nick: "y" },
    "[This client is 'x', start another one with 'client -n y'.]",
  ],
  [
    { type: "replaced", nick: "x" },
    "[You were registered as 'x' from another place, this one is offline now.]",
  ],
  [{ type: "serverMet", key: KEY, name: "lab" }, `[New server 'lab', its key is ${KEY}]`],
  [{ type: "serverRecognized", knownAs: "lab:9999" }, "[This is the server you know as lab:9999.]"],
  [
    { type: "identityMade", nick: "x" },
    "[New identity for x: keep a copy of the file 'identity' in its state folder.]",
  ],
  [
    { type: "otherState", nick: "x", folder: "/a/b" },
    "[There is another state of x at this server, unused: '/a/b'.]",
  ],
  [{ type: "deregistered" }, "[You are Offline. Bye.]"],
  [{ type: "serverSilent" }, "[Server not responding.]"],
  [{ type: "staying" }, "[Staying: what you write waits until the server is back.]"],
  [{ type: "serverBack" }, "[The server is back.]"],
  [{ type: "messagesWait", count: 2 }, "[2 messages wait and leave at the next start.]"],
  [{ type: "messagesWait", count: 1 }, "[1 message waits and leaves at the next start.]"],
  [{ type: "messagesLost", count: 2 }, "[2 messages lost, nothing outlives this process.]"],
  [{ type: "messagesLost", count: 1 }, "[1 message lost, nothing outlives this process.]"],
  [{ type: "notDone", count: 2 }, "[2 commands not carried out.]"],
  [{ type: "notDone", count: 1 }, "[1 command not carried out.]"],
  [{ type: "gaveUp" }, "[Exiting.]"],
  [{ type: "exiting" }, "[Exiting]"],
];

/** What a notice says, and where. */
function said(notice: Notice, utcOffset: typeof UTC): Pick<Rendered, "stream" | "lines"> {
  const { stream, lines } = render(notice, utcOffset);
  return { stream, lines };
}

for (const [notice, ...lines] of SCREEN) {
  Deno.test(`${notice.type}: ${lines[0]}`, () => {
    assertEquals(said(notice, UTC), { stream: "screen", lines });
  });
}

Deno.test("no server has ever answered: on standard error", () => {
  assertEquals(said({ type: "noServer", server: SERVER }, UTC), {
    stream: "error",
    lines: ["no server at 127.0.0.1:9999, start one with 'deno task server'"],
  });
});

Deno.test("a server on another host has never answered: it may run, and its packets be dropped", () => {
  assertEquals(said({ type: "noServer", server: { host: "2001:db8::1", port: 9999 } }, UTC), {
    stream: "error",
    lines: ["no answer from [2001:db8::1]:9999: is it running, and does a firewall let UDP port 9999 in?"],
  });
});

Deno.test("a server of other versions: on standard error, with theirs and ours", () => {
  assertEquals(said({ type: "otherVersions", server: SERVER, versions: [1, 2] }, UTC), {
    stream: "error",
    lines: [
      "cannot talk to the server at 127.0.0.1:9999: it speaks version 1,2 of the protocol and we version 4, use the same release",
    ],
  });
});

Deno.test("a server that has another key: one sentence with both keys and what to do, an error when it ends us", () => {
  const changed = (ends: boolean) =>
    said({ type: "serverKeyChanged", server: "chat.example:9999", known: KEY, ends }, UTC);
  const sentence =
    `the server at chat.example:9999 has another key than '${KEY}', which is known of it: somebody may be in its place. ` +
    "Ask its operator for its key: if it has a new one, start with '--server-key' and the key that you were told";
  assertEquals(changed(true), { stream: "error", lines: [sentence] });
  assertEquals(changed(false), { stream: "screen", lines: [`[${sentence}]`] });
});

Deno.test("a server's log tells what it is called and its key", () => {
  const lines = [`this is 'lab', its key is ${KEY}`];
  assertEquals(said({ type: "serverKey", name: "lab", key: KEY }, UTC), { stream: "log", lines });
});

Deno.test("a server's log counts what was dropped", () => {
  const dropped = (count: number) => said({ type: "dropped", count }, UTC);
  const why = "dropped: not of this protocol, or from an address not proved";
  assertEquals(dropped(1), { stream: "log", lines: [`1 datagram ${why}`] });
  assertEquals(dropped(20), { stream: "log", lines: [`20 datagrams ${why}`] });
});

Deno.test("a log tells that the wall clock was set, and how far, in the unit that is read best", () => {
  const times: readonly [Millis, string][] = [
    [1_000, "forward by 1 second"],
    [-90 * 60_000, "back by 5400 seconds"],
    [8 * HOUR_MS, "forward by 8 hours"],
    [-730 * DAY_MS, "back by 730 days"],
  ];
  for (const [by, how] of times) {
    const lines = [`the clock went ${how}: nothing becomes older by that`];
    assertEquals(said({ type: "clockSet", by }, UTC), { stream: "log", lines });
  }
});

Deno.test("that an action is over is not said", () => {
  assertEquals(said({ type: "settled" }, UTC), { stream: "none", lines: [] });
});

Deno.test("who came and went is for the server's log, without message texts", () => {
  const came: Notice = { type: "clientRegistered", nick: "x", address: SERVER, sendsOnly: false };
  assertEquals(said(came, UTC), { stream: "log", lines: ["x registered at 127.0.0.1:9999"] });
  const left: Notice = { type: "clientLeft", nick: "x", how: "silent" };
  assertEquals(said(left, UTC), { stream: "log", lines: ["x is offline: silent"] });
  const freed = said({ type: "nickFreed", nick: "x" }, UTC);
  assertEquals(freed, { stream: "log", lines: ["x is free: it was not used since it was registered"] });
  const released = (outcome: ReleaseOutcome, letters: number) =>
    said({ type: "released", nick: "x", outcome, letters }, UTC).lines[0];
  assertEquals(released("done", 1), "x is free: the operator has released it, 1 letter to it failed");
  assertEquals(released("done", 2), "x is free: the operator has released it, 2 letters to it failed");
  assertEquals(
    released("online", 0),
    "x is not released: its owner is online, and would register it again",
  );
  assertEquals(released("used", 0), "x is not released: its owner was there lately");
  assertEquals(released("unknown", 0), "x is not released: nobody has it");
});

Deno.test("further lines of a message are indented, so that nobody fakes a line of somebody else's", () => {
  const text = "one\nbob: two\r\n\tthree";
  assertEquals(said({ type: "directReceived", message: message(text) }, UTC).lines, [
    "x: one",
    "  bob: two",
    "    three",
  ]);
  assertEquals(said({ type: "channelReceived", message: message("one\n]") }, UTC).lines, [
    "[Channel_Message x: one",
    "  ]]",
  ]);
  assertEquals(said({ type: "directReceived", message: message("a\rb\n") }, UTC).lines, [
    "x: a<U+000D>b",
    "  ",
  ]);
});

Deno.test("times are shown in the reader's zone at that instant", () => {
  const zone = (at: number) => at === SENT_AT ? 2 * 3600_000 : 0;
  const shown = render({ type: "directReceived", message: message("hi", true) }, zone);
  assertEquals(shown.lines, ["x: 2022-03-22 23:35:12.521000 hi"]);
});

Deno.test("a long table prints only what changed; peers prints all", () => {
  const many = Array.from({ length: TABLE_LINES + 1 }, (_, count) => row(`n${count}`));
  assertEquals(said(table(many, [row("n3", false)]), UTC).lines, [
    "[Client table updated.]",
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "n3 @ 127.0.0.1:3001 is OFFLINE",
  ]);
  assertEquals(said(peers(many), UTC).lines.length, TABLE_LINES + 2);
  const few = many.slice(0, TABLE_LINES - 1);
  assertEquals(said(table(few, [row("n3")]), UTC).lines.length, TABLE_LINES + 1);
});

const EVIL = "\u{1B}[2J";
const EVIL_ADDRESS = { host: EVIL, port: 1 };
const evilRow = { ...row("x"), addresses: [EVIL_ADDRESS] };

/** Each notice with something that others may have written, in every place where it may stand. */
const FROM_OTHERS: readonly Notice[] = [
  { type: "directReceived", message: { ...message(EVIL, true), from: EVIL } },
  { type: "channelReceived", message: { ...message(EVIL), from: EVIL } },
  { type: "channelReceived", message: { ...message(EVIL, true, true), from: EVIL } },
  table([row(EVIL), evilRow]),
  peers([row(EVIL), evilRow], [EVIL]),
  peers([row(EVIL)], [], [EVIL]),
  { type: "missing", from: EVIL },
  { type: "exchanged", from: EVIL },
  { type: "unreadable", from: EVIL, again: true },
  { type: "forged", from: EVIL },
  { type: "postRepeated", from: EVIL },
  { type: "postsMissing", from: EVIL, count: 1 },
  { type: "postExchanged", from: EVIL },
  { type: "postSealed", from: EVIL },
  { type: "rowForged", nick: EVIL },
  { type: "peerKeyChanged", nick: EVIL },
  { type: "inviteDiffers", nick: EVIL },
  { type: "trusted", nick: EVIL, identity: KEY, waiting: 2 },
  { type: "safetyNumber", nick: EVIL, number: "0", isTrusted: false },
  { type: "verified", nick: EVIL },
  { type: "digitsDiffer", nick: EVIL },
  { type: "invite", server: EVIL, serverKey: KEY, nick: "x", identity: KEY },
  { type: "delivered", to: EVIL, text: EVIL },
  { type: "unanswered", to: EVIL },
  { type: "collected", to: EVIL, count: 1 },
  { type: "failed", to: EVIL, failure: "quota" },
  { type: "unknownPeer", nick: EVIL },
  { type: "notYou", nick: EVIL },
  { type: "youAreOffline", nick: EVIL },
  { type: "alreadyRegistered", nick: EVIL },
  { type: "belongsToOther", own: "x", nick: EVIL },
  { type: "nickOfAnotherKey", nick: EVIL },
  { type: "lookAlike", nick: "x", identity: KEY, like: EVIL, likeIdentity: KEY },
  { type: "replaced", nick: EVIL },
  { type: "noServer", server: EVIL_ADDRESS },
  { type: "otherVersions", server: EVIL_ADDRESS, versions: [1] },
  { type: "serverMet", key: KEY, name: EVIL },
  { type: "serverRecognized", knownAs: EVIL },
  { type: "identityMade", nick: EVIL },
  { type: "otherState", nick: EVIL, folder: "f" },
  { type: "serverKeyChanged", server: EVIL, known: KEY, ends: true },
  { type: "serverKeyChanged", server: EVIL, known: KEY, ends: false },
  { type: "serverKey", name: EVIL, key: KEY },
  { type: "clientRegistered", nick: EVIL, address: EVIL_ADDRESS, sendsOnly: false },
  { type: "clientLeft", nick: EVIL, how: "left" },
  { type: "nickFreed", nick: EVIL },
  { type: "released", nick: EVIL, outcome: "done", letters: 1 },
  { type: "released", nick: EVIL, outcome: "unknown", letters: 0 },
];

Deno.test("what others wrote is made harmless wherever it is shown", () => {
  for (const notice of FROM_OTHERS) {
    const lines = render(notice, UTC).lines.join("\n");
    assertEquals([lines.includes("\u{1B}"), lines.includes("<U+001B>[2J")], [false, true], notice.type);
  }
});

Deno.test("a nick in an invitation is one in a URL", () => {
  const invite: Notice = { type: "invite", server: "h:1", serverKey: "k", nick: "a&b=c#/:", identity: "i" };
  assertEquals(said(invite, UTC).lines, ["parley://h:1/?server=k&peer=a%26b%3Dc%23%2F%3A:i"]);
});

Deno.test("a command that came to something else than what was asked for is a failure, and nothing else is", () => {
  const failures = SCREEN.filter(([notice]) => render(notice, UTC).isFailure).map(([{ type }]) => type);
  assertEquals([...new Set(failures)].sort(), [
    "alreadyRegistered",
    "belongsToOther",
    "digitsDiffer",
    "failed",
    "identityEnded",
    "nickOfAnotherKey",
    "notYou",
    "peerKeyChanged",
    "peerRevoked",
    "revocationAnswered",
    "tooLong",
    "tooMany",
    "unknownPeer",
    "youAreOffline",
  ]);
});
