/**
 * Attacks on the terminal: whatever others send, what is shown consists of characters that show as
 * themselves.
 */
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { TEXT_BYTES } from "../../core/base/limits.ts";
import { isNick } from "../../core/messages/nick.ts";
import { HostileServer } from "../kit/hostile_server.ts";
import { ID } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

/** From here to there, in steps. */
function range(from: number, to: number, step = 1): string {
  let text = "";
  for (let code = from; code <= to; code += step) text += String.fromCodePoint(code);
  return text;
}

/** What terminals, or their readers, can be led astray with. */
const HOSTILE: Record<string, string> = {
  "escape sequences":
    "\x1b[2J\x1b[H\x1b]0;title\x07\x1b]52;c;cm0gLXJm\x07\x1b]8;;http://x\x1b\\x\x1bP+q\x1b\\\x1b[6n\x1bc",
  "C0 and DEL": range(0x00, 0x1f) + "\x7f",
  "a line of its own": "hi\r[Message received by bob.]\r\nbob: yes\n[Exiting]\x0b\x0c\b\b\b",
  "C1": range(0x80, 0x9f) + "\u009b2J\u009d0;t\u009c\u0090q\u009c",
  "line and paragraph separators": "a\u2028b\u2029c\u0085d",
  "bidi controls": "\u061c\u200e\u200f" + range(0x202a, 0x202e) + range(0x2066, 0x2069) + "txt.exe",
  "zero width":
    "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u034f\u3164\u115f\u1160\uffa0",
  "annotations and old format characters": range(0xfff9, 0xfffb) + range(0x206a, 0x206f),
  "variation selectors": range(0xfe00, 0xfe0f) + range(0xe0100, 0xe01ef),
  "tag characters": "\u{e0001}" + range(0xe0020, 0xe007f),
  "private and unassigned": "\ue000\uf8ff\u{f0000}\u{10fffd}\u{10ffff}\u0378\u{3ffff}",
  "combining marks": "a" + range(0x300, 0x36f) + "\u0e49".repeat(99) + "\u0489".repeat(99) +
    "\u20dd".repeat(99),
  "joiners that join nothing": "\u200d👩\u200da\u200d👩\u200d\u200d👩\ufe0f\ufe0f",
};

/** All of it, to the last byte that a message may have. */
const EVERYTHING = filled(Object.values(HOSTILE).join(" "));

function filled(text: string): string {
  const length = new TextEncoder().encode(text).length;
  return text.repeat(Math.floor(TEXT_BYTES / length)) + "x".repeat(TEXT_BYTES % length);
}

/** Named one by one, so that it does not depend on how the border names them. */
const FORBIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e" +
    "\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\ue000-\\uf8ff\\u{e0000}-\\u{e001f}\\u{e0080}-\\u{e0fff}" +
    "\\u{f0000}-\\u{10ffff}\\ud800-\\udfff]",
  "u",
);

/**
 * Letters, marks, numbers, punctuation, symbols, spaces that take room; joiners and the like only inside an
 * emoji.
 */
const SHOWN = /^(?:\p{RGI_Emoji}|[[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]--\p{Default_Ignorable_Code_Point}])*$/v;
const TOO_MANY_MARKS = /\p{M}{9}/u;

function assertHarmless(lines: readonly string[], name: string): void {
  assert(lines.length > 0, `${name}: nothing is shown`);
  for (const line of lines) {
    const found = FORBIDDEN.exec(line)?.[0]?.codePointAt(0)?.toString(16);
    assertEquals(found, undefined, name);
    assert(SHOWN.test(line), `${name}: ${JSON.stringify(line.slice(0, 200))}`);
    assertFalse(TOO_MANY_MARKS.test(line), name);
  }
}

/** Lines of others end where they end, and further ones are indented: no line looks like somebody else's. */
function assertOnesOwn(lines: readonly string[], beginning: string, name: string): void {
  assert(lines[0]!.startsWith(beginning), name);
  for (const line of lines.slice(1)) assert(line.startsWith("  "), `${name}: ${JSON.stringify(line)}`);
}

const CASES = Object.entries({ ...HOSTILE, "all of it, 64 KiB": EVERYTHING });

Deno.test("attack: hostile characters in a direct message, in mail and on the channel: harmless when they are shown", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  for (const [name, text] of CASES) {
    alice.writes("bob", text);
    arena.runs(5000);
    const direct = bob.looks();
    assertHarmless(direct, name);
    assertOnesOwn(direct, "alice: ", name);
    alice.posts(text);
    arena.runs(5000);
    const post = bob.looks();
    assertHarmless(post, name);
    assertOnesOwn(post, "[Channel_Message alice: ", name);
    assert(post.at(-1)!.endsWith("]"), name);
  }
  bob.deregisters();
  arena.runs(200);
  for (const [, text] of CASES) {
    alice.writes("bob", text);
    alice.posts(text);
  }
  arena.runs(10_000);
  bob.looks();
  bob.registers();
  arena.runs(20_000);
  const lines = bob.looks();
  assertEquals(lines.filter((line) => line.startsWith("alice: 2022-")).length, CASES.length);
  assertHarmless(lines, "mail");
});

Deno.test("what people write is shown as it is", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const texts = [
    "Grüße, naïve façade, Ærøskøbing; Ελλάδα; Привет; שלום; مرحبا; नमस्ते; สวัสดี; 日本語 한국어 中文",
    "a\u0301e\u0323\u0301 — “quotes” … 1½ × 2 ≈ 3 € §",
    "👩‍💻 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇪🇺 1️⃣ ❤️ 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  ];
  for (const text of texts) {
    alice.writes("bob", text);
    arena.runs(100);
    bob.sees(`alice: ${text}`);
  }
});

/** As nicks: too long ones, too, are none. */
const NICKS = [
  ...CASES.map(([, text]) => text),
  "a\u202eb",
  "a\u200db",
  "a b",
  "a\nb",
  "a\x1b[1mb",
  "",
  "SERVER",
  "S\u0415RVER",
  "SERVER.",
  "..",
];

Deno.test("attack: hostile characters in a nick, to the server: no nick, no answer, nobody hears of it", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const before = arena.server.state;
  const mallory = new Speaker(arena, "mal");
  // What is no nick does not even fit behind the length that is in front of nicks.
  for (const nick of NICKS.map((text) => [...text].slice(0, 40).join(""))) {
    assertFalse(isNick(nick), JSON.stringify(nick));
    mallory.registers(nick);
  }
  assertEquals([mallory.heard, arena.server.state], [[], before]);
  alice.sees();
  arena.server.sees();
  mallory.registers("mallory");
  assertEquals(mallory.heardOf("registered").length, 1);
});

Deno.test("attack: hostile characters in nicks, from the server: not one of them is shown", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "bob");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  arena.everybodyLooks();
  const mallory = new Speaker(arena, "mal");
  for (const nick of NICKS.map((text) => [...text].slice(0, 40).join(""))) {
    const row = {
      nick,
      skeleton: nick,
      ...mallory.bundle(nick),
      ordinal: 9,
      online: true,
      addresses: [mallory.address],
      ...NO_LINEAGE,
    };
    const { start, counter } = server.version;
    const page = { since: { start, counter: 0 }, upTo: counter, newest: counter };
    server.tells(alice, { type: "rows", ...page, rows: [row] });
    server.tells(alice, { type: "replaced", nick });
    server.hands(alice, "channel", { id: ID, from: nick, body: mallory.post({ from: nick, text: "x" }) });
    server.hands(alice, "letter", { id: ID, from: nick, body: new Uint8Array(300) });
    server.tells(alice, { type: "collected", to: nick, receipts: [] });
  }
  alice.sees();
});

Deno.test("attack: hostile characters in a server's name: harmless on its clients' screens and in its own log", () => {
  for (const [name, text] of CASES) {
    const inName = fitting(text, 32);
    const arena = new Arena({ name: inName });
    assertHarmless(arena.server.looks(), name);
    const alice = arena.client("alice");
    alice.registers();
    arena.runs(500);
    const met = alice.looks().filter((line) => line.startsWith("[New server '"));
    assertEquals(met.length, 1, name);
    assertHarmless(met, name);
  }
});

/** The beginning of a text, at most so many bytes of UTF-8. */
function fitting(text: string, bytes: number): string {
  let fits = "";
  for (const character of text) {
    if (new TextEncoder().encode(fits + character).length > bytes) break;
    fits += character;
  }
  return fits;
}

Deno.test("attack: a text of more than 64 KiB: it is no message, and nothing is said to it", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  for (const [port, bytes, lines] of [[1, TEXT_BYTES + 1, 0], [2, TEXT_BYTES, 1]] as const) {
    const nick = `mal${port}`;
    const mallory = arena.member(nick, { address: { host: "10.66.6.6", port } });
    arena.runs(500);
    alice.looks();
    mallory.says(alice, arena.direct(mallory, "alice", "x".repeat(bytes)));
    arena.runs(5000);
    alice.sees(...Array(lines).fill(`${nick}: ${"x".repeat(TEXT_BYTES)}`));
    assertEquals(mallory.heardOf("got").length, lines);
  }
});
