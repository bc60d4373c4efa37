/** Every line of the table of what the user sees, letter for letter. */
import { assertEquals } from "@std/assert";
import { TABLE_LINES } from "../../core/limits.ts";
import { type Notice, render, type Shown } from "../../core/notice.ts";
import type { Row } from "../../core/table.ts";
import { KEY } from "./samples.ts";

const UTC = () => 0;
const SERVER = { host: "127.0.0.1", port: 9999 };
const SENT_AT = Date.UTC(2022, 2, 22, 21, 35, 12, 521);

const message = (text: string, dated = false): Shown => ({ from: "x", text, sentAt: SENT_AT, dated });
const row = (nick: string, online = true): Row => ({
  nick,
  key: KEY,
  ordinal: 1,
  online,
  addresses: [{ host: "127.0.0.1", port: 3001 }],
});
const table = (rows: readonly Row[], changed: readonly Row[] = rows): Notice => ({
  type: "tableChanged",
  server: SERVER,
  rows,
  changed,
});

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
    { type: "peersListed", server: SERVER, rows: [row("x")] },
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "x @ 127.0.0.1:3001 is ONLINE",
  ],
  [{ type: "directReceived", message: message("hi  there") }, "x: hi  there"],
  [{ type: "directReceived", message: message("hi", true) }, "x: 2022-03-22 21:35:12.521000 hi"],
  [{ type: "channelReceived", message: message("hi") }, "[Channel_Message x: hi]"],
  [
    { type: "channelReceived", message: message("hi", true) },
    "[Channel_Message x: 2022-03-22 21:35:12.521000 hi]",
  ],
  [{ type: "delivered", to: "y" }, "[Message received by y.]"],
  [{ type: "unanswered", to: "y" }, "[No ACK from y, message sent to server.]"],
  [
    { type: "stored" },
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
  ],
  [{ type: "posted" }, "[Message received by Server.]"],
  [{ type: "collected", to: "y", count: 3 }, "[y has collected 3 messages.]"],
  [{ type: "collected", to: "y", count: 1 }, "[y has collected 1 message.]"],
  [{ type: "mailWaiting" }, "SERVER: [You have messages]"],
  [{ type: "missing", from: "x" }, "[A message from x is missing.]"],
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
  [{ type: "failed", to: "y", failure: "in use" }, "[Message to y failed: the nickname is in use.]"],
  [{ type: "failed", to: "y", failure: "too old" }, "[Message to y failed: it waited for 7 days.]"],
  [
    { type: "failed", to: "y", failure: "expired" },
    "[Message to y failed: nobody collected it within 30 days.]",
  ],
  [{ type: "unknownPeer", nick: "z" }, "[Unknown peer: z]"],
  [{ type: "notYou", nick: "y" }, "[You are not y.]"],
  [{ type: "youAreOffline", nick: "x" }, "[You are offline, 'reg x' first.]"],
  [{ type: "alreadyRegistered", nick: "x" }, "[You are already registered as 'x'.]"],
  [{ type: "nickInUse", nick: "x" }, "[Nickname 'x' is in use.]"],
  [{ type: "tooLong", bytes: 1312 }, "[Message too long: 1312 bytes, at most 65536.]"],
  [{ type: "tooMany", count: 10_000 }, "[Too many messages wait: 10000, try again later.]"],
  [{ type: "nicksExhausted" }, "[The server takes no more nicknames.]"],
  [
    { type: "belongsToOther", own: "x", nick: "y" },
    "[This client is 'x', start another one with 'client -n y'.]",
  ],
  [
    { type: "replaced", nick: "x" },
    "[You were registered as 'x' from another place, this one is offline now.]",
  ],
  [{ type: "serverMet", key: KEY, name: "lab" }, `[New server 'lab', its key is ${KEY}]`],
  [{ type: "deregistered" }, "[You are Offline. Bye.]"],
  [{ type: "serverSilent" }, "[Server not responding.]"],
  [{ type: "messagesWait", count: 2 }, "[2 messages wait and leave at the next start.]"],
  [{ type: "messagesWait", count: 1 }, "[1 message waits and leaves at the next start.]"],
  [{ type: "messagesLost", count: 2 }, "[2 messages lost, nothing outlives this process.]"],
  [{ type: "messagesLost", count: 1 }, "[1 message lost, nothing outlives this process.]"],
  [{ type: "notDone", count: 2 }, "[2 commands not carried out.]"],
  [{ type: "notDone", count: 1 }, "[1 command not carried out.]"],
  [{ type: "gaveUp" }, "[Exiting.]"],
  [{ type: "exiting" }, "[Exiting]"],
];

for (const [notice, ...lines] of SCREEN) {
  Deno.test(`${notice.type}: ${lines[0]}`, () => {
    assertEquals(render(notice, UTC), { stream: "screen", lines });
  });
}

Deno.test("no server has ever answered: on standard error", () => {
  assertEquals(render({ type: "noServer", server: SERVER }, UTC), {
    stream: "error",
    lines: ["no server at 127.0.0.1:9999, start one with 'deno task server'"],
  });
});

Deno.test("a server of other versions: on standard error, with theirs and ours", () => {
  assertEquals(render({ type: "otherVersions", server: SERVER, versions: [1, 3] }, UTC), {
    stream: "error",
    lines: [
      "cannot talk to the server at 127.0.0.1:9999: it speaks version 1,3 of the protocol and we version 2, use the same release",
    ],
  });
});

Deno.test("a server that has another key: one sentence with both keys and what to do, an error when it ends us", () => {
  const announced = "f0".repeat(32);
  const changed = (ends: boolean) =>
    render({ type: "serverKeyChanged", server: "chat.example:9999", known: KEY, announced, ends }, UTC);
  const sentence =
    `the server at chat.example:9999 has the key '${announced}', not '${KEY}' as before: somebody may be in its place. ` +
    "Ask its operator; if that is its key, take the line of chat.example:9999 out of the file 'known_servers', " +
    `or start with '--server-key ${announced}'`;
  assertEquals(changed(true), { stream: "error", lines: [sentence] });
  assertEquals(changed(false), { stream: "screen", lines: [`[${sentence}]`] });
});

Deno.test("a server's log tells what it is called and its key", () => {
  const lines = [`this is 'lab', its key is ${KEY}`];
  assertEquals(render({ type: "serverKey", name: "lab", key: KEY }, UTC), { stream: "log", lines });
});

Deno.test("a server's log counts what was dropped", () => {
  const dropped = (count: number) => render({ type: "dropped", count }, UTC);
  const why = "dropped: not of this protocol, or from an address not proved";
  assertEquals(dropped(1), { stream: "log", lines: [`1 datagram ${why}`] });
  assertEquals(dropped(20), { stream: "log", lines: [`20 datagrams ${why}`] });
});

Deno.test("that an action is over is not said", () => {
  assertEquals(render({ type: "settled" }, UTC), { stream: "none", lines: [] });
});

Deno.test("who came and went is for the server's log, without message texts", () => {
  const came: Notice = { type: "clientRegistered", nick: "x", address: SERVER };
  assertEquals(render(came, UTC), { stream: "log", lines: ["x registered at 127.0.0.1:9999"] });
  const left: Notice = { type: "clientLeft", nick: "x", how: "silent" };
  assertEquals(render(left, UTC), { stream: "log", lines: ["x is offline: silent"] });
});

Deno.test("further lines of a message are indented, so that nobody fakes a line of somebody else's", () => {
  const text = "one\nbob: two\r\n\tthree";
  assertEquals(render({ type: "directReceived", message: message(text) }, UTC).lines, [
    "x: one",
    "  bob: two",
    "    three",
  ]);
  assertEquals(render({ type: "channelReceived", message: message("one\n]") }, UTC).lines, [
    "[Channel_Message x: one",
    "  ]]",
  ]);
});

Deno.test("times are shown in the reader's zone at that instant", () => {
  const zone = (at: number) => at === SENT_AT ? 2 * 3600_000 : 0;
  const shown = render({ type: "directReceived", message: message("hi", true) }, zone);
  assertEquals(shown.lines, ["x: 2022-03-22 23:35:12.521000 hi"]);
});

Deno.test("a long table prints only what changed; peers prints all", () => {
  const many = Array.from({ length: TABLE_LINES + 1 }, (_, count) => row(`n${count}`));
  assertEquals(render(table(many, [row("n3", false)]), UTC).lines, [
    "[Client table updated.]",
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "n3 @ 127.0.0.1:3001 is OFFLINE",
  ]);
  const peers: Notice = { type: "peersListed", server: SERVER, rows: many };
  assertEquals(render(peers, UTC).lines.length, TABLE_LINES + 2);
  const few = many.slice(0, TABLE_LINES - 1);
  assertEquals(render(table(few, [row("n3")]), UTC).lines.length, TABLE_LINES + 1);
});

Deno.test("what others wrote is made harmless wherever it is shown", () => {
  const evil = "\u{1B}[2J";
  const notices: Notice[] = [
    { type: "directReceived", message: { ...message(evil, true), from: evil } },
    { type: "channelReceived", message: { ...message(evil), from: evil } },
    table([row(evil), { ...row("x"), addresses: [{ host: evil, port: 1 }] }]),
    { type: "delivered", to: evil },
    { type: "unanswered", to: evil },
    { type: "collected", to: evil, count: 1 },
    { type: "missing", from: evil },
    { type: "failed", to: evil, failure: "quota" },
    { type: "unknownPeer", nick: evil },
    { type: "notYou", nick: evil },
    { type: "belongsToOther", own: "x", nick: evil },
    { type: "serverMet", key: KEY, name: evil },
    { type: "clientRegistered", nick: evil, address: SERVER },
    { type: "clientLeft", nick: evil, how: "left" },
  ];
  for (const notice of notices) {
    const lines = render(notice, UTC).lines.join("\n");
    assertEquals([lines.includes("\u{1B}"), lines.includes("<U+001B>[2J")], [false, true], notice.type);
  }
});
