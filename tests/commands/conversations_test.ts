/** The conversations of a full screen, and its status line. */
import { assertEquals } from "@std/assert";
import type { Row } from "../../core/messages/table.ts";
import type { JournalEvent, Notice } from "../../core/notice.ts";
import { Conversations, type Talk } from "../../programs/conversations.ts";
import { Sight } from "../../programs/sight.ts";
import { statusOf } from "../../programs/status_line.ts";
import type { FullKey } from "../../terminal/full/keys.ts";

/** 2022-03-22 21:35 in UTC. */
const NOW = 1_647_984_900_000;
const HOUR_MS = 3_600_000;

function message(from: string, channel = false): JournalEvent {
  return {
    number: 1,
    id: "00",
    channel,
    from,
    text: "",
    sentAt: NOW,
    dated: false,
    isOpen: false,
    like: undefined,
    isBehindGap: false,
    isExchanged: false,
  };
}

function rows(online: Readonly<Record<string, boolean>>): Row[] {
  return Object.entries(online).map(([nick, isOnline]) => ({ nick, online: isOnline }) as Row);
}

/** The lines of a conversation without their colours. */
function linesOf({ pane }: Talk): string[] {
  // deno-lint-ignore no-control-regex -- colours are escape sequences
  return pane.rows(200, 100).map((row) => row.replaceAll(/\x1b\[\d*m/g, ""));
}

function names(talks: Conversations): string[] {
  return talks.all.map(({ name }) => name);
}

Deno.test("who has begun a conversation stands before the others, and who is there before who is not", () => {
  const talks = new Conversations(() => 0);
  talks.meet(rows({ dora: true, bob: true, carol: false, alice: true }), NOW);
  assertEquals(names(talks), ["SERVER", "#channel", "alice", "bob", "dora", "carol"]);
  talks.receive(message("dora"), ["dora: hi"], NOW);
  talks.receive(message("bob"), ["bob: hi"], NOW);
  talks.receive(message("dora"), ["dora: hi again"], NOW);
  assertEquals(names(talks), ["SERVER", "#channel", "dora", "bob", "alice", "carol"]);
  assertEquals(talks.tabs.map(({ unread }) => unread), [0, 0, 2, 1, 0, 0]);
});

Deno.test("lines have their time, and the day above them where it is another one", () => {
  const talks = new Conversations(() => HOUR_MS);
  talks.receive(message("bob", true), ["bob: one", "  two"], NOW);
  talks.tell(talks.channel, NOW + 2 * HOUR_MS, ["[three]"]);
  assertEquals(linesOf(talks.channel), [
    "2022-03-22",
    "22:35 bob: one",
    "  two",
    "2022-03-23",
    "00:35 [three]",
  ]);
});

Deno.test("what was said has a sign that changes in its place, and every line of it stays inside", () => {
  const talks = new Conversations(() => 0);
  const bob = talks.with("bob", NOW);
  const said = talks.say(bob, NOW, "alice", "·", "one\ncarol: two\u202e");
  talks.receive(message("bob"), ["bob: hi"], NOW);
  said.pane.replace(said.number, said.withSign("✓"));
  assertEquals(linesOf(bob), [
    "2022-03-22",
    "21:35 ✓ alice: one",
    "  carol: two<U+202E>",
    "21:35 bob: hi",
  ]);
});

Deno.test("who comes and goes is told, but not at the start, nor to whom it means nothing", () => {
  const talks = new Conversations(() => 0);
  talks.meet(rows({ bob: true, carol: true }), NOW);
  talks.receive(message("bob"), ["bob: hi"], NOW);
  talks.meet(rows({ bob: false, carol: false }), NOW);
  talks.meet(rows({ bob: false, carol: true }), NOW);
  const told = ["2022-03-22", "21:35 bob is offline", "21:35 carol is offline", "21:35 carol is online"];
  assertEquals(linesOf(talks.client), told);
  assertEquals(linesOf(talks.with("bob", NOW)), ["2022-03-22", "21:35 bob: hi", "21:35 bob is offline"]);
  assertEquals(linesOf(talks.with("carol", NOW)), []);
});

Deno.test("a notice belongs to the person whom it names, if there is such a conversation", () => {
  const talks = new Conversations(() => 0);
  const bob = talks.with("bob", NOW);
  const place = (notice: Notice) => talks.placeOf(notice).name;
  assertEquals(place({ type: "missing", from: "Bob" }), bob.name);
  assertEquals(place({ type: "missing", from: "mallory" }), "SERVER");
  assertEquals(place({ type: "failed", to: undefined, failure: "quota" }), "#channel");
  assertEquals(place({ type: "posted" }), "#channel");
  assertEquals(place({ type: "serverSilent" }), "SERVER");
});

Deno.test("strangers can fill neither the list nor the memory", () => {
  const talks = new Conversations(() => 0);
  const bob = talks.with("bob", NOW);
  talks.goTo(bob);
  talks.receive(message("eve"), ["eve: hi"], NOW);
  for (let at = 0; at < 1_100; at++) talks.with(`stranger${at}`, NOW);
  assertEquals(talks.all.length, 2 + 1_000);
  assertEquals([talks.knows("bob"), talks.knows("eve"), talks.knows("stranger0")], [true, true, false]);
  const long = "x".repeat(1024 * 1024);
  for (let at = 0; at < 20; at++) talks.receive(message("eve"), [`${at} ${long}`], NOW);
  const sum = talks.all.reduce((total, { pane }) => total + pane.characters, 0);
  assertEquals(sum <= 16 * 1024 * 1024, true);
});

Deno.test("the status line: server, way, losses, what waits", () => {
  const bob = { conversation: { to: "bob" }, isOnline: true, name: "bob" };
  const network = { serverName: "lab:9999", ways: undefined, isSilent: false };
  assertEquals(statusOf(network, bob), ["lab:9999 offline", "bob: by the server", "lost 0 %", "0 waiting"]);
  const server = { rtt: 12.6, sent: 90, lost: 1 };
  const ways = {
    type: "waysListed",
    server,
    peers: [["Bob", { rtt: 1.23, sent: 10, lost: 3 }]],
    waiting: 2,
  } as const;
  const parts = ["lab:9999 13 ms", "bob: direct, 1.2 ms", "lost 4.0 %", "2 waiting"];
  assertEquals(statusOf({ ...network, ways }, bob), parts);
  const channel = { conversation: { to: undefined }, isOnline: undefined, name: "#channel" };
  assertEquals(statusOf({ ...network, ways, isSilent: true }, channel), [
    "lab:9999 silent",
    "lost 1.1 %",
    "2 waiting",
  ]);
  assertEquals(statusOf({ ...network, ways }, { ...bob, isOnline: false })[1], "bob is offline");
});

/** A window in which everything has its place. */
const AREAS = {
  tabs: { columns: 10, rows: 5 },
  pane: { columns: 40, rows: 5 },
  hasStatus: true,
  inputRows: 1,
};

Deno.test("what is in sight was read with the focus, and on a terminal that tells nothing of it, with a key", () => {
  const talks = new Conversations(() => 0);
  const sight = new Sight(talks);
  const bob = talks.with("bob", NOW);
  talks.goTo(bob);
  const comes = () => {
    talks.receive(message("bob"), ["bob: hi"], NOW);
    sight.look(false);
    return bob.unread;
  };
  assertEquals([comes(), comes()], [1, 2]);
  sight.look(true);
  assertEquals(bob.unread, 0);
  sight.focused(true);
  assertEquals([comes(), comes()], [0, 0]);
  sight.focused(false);
  assertEquals(comes(), 1);
  sight.look(true);
  assertEquals(bob.unread, 1);
  sight.focused(true);
  assertEquals(bob.unread, 0);
});

Deno.test("what is below the window, behind the keys or in another conversation was not read", () => {
  const talks = new Conversations(() => 0);
  const sight = new Sight(talks);
  const bob = talks.with("bob", NOW);
  talks.goTo(bob);
  sight.focused(true);
  const comes = () => {
    talks.receive(message("bob"), ["bob: hi"], NOW);
    sight.look(true);
    return bob.unread;
  };
  for (let at = 0; at < 10; at++) comes();
  sight.press({ name: "pageUp" }, AREAS);
  assertEquals(comes(), 1);
  sight.press({ name: "newest" }, AREAS);
  assertEquals(comes(), 0);
  sight.press({ name: "help" }, AREAS);
  assertEquals([sight.showsHelp, comes()], [true, 1]);
  sight.press({ name: "help" }, AREAS);
  assertEquals([sight.showsHelp, comes()], [false, 0]);
  sight.press({ name: "tab", at: 0 }, AREAS);
  assertEquals(comes(), 1);
  sight.press({ name: "nextUnread" }, AREAS);
  assertEquals(comes(), 0);
});

Deno.test("keys and clicks go from one conversation to another", () => {
  const talks = new Conversations(() => 0);
  const sight = new Sight(talks);
  talks.meet(rows({ alice: true, bob: true }), NOW);
  const after = (key: FullKey) => {
    sight.press(key, AREAS);
    return talks.open.name;
  };
  assertEquals(after({ name: "nextTab" }), "#channel");
  assertEquals(after({ name: "previousTab" }), "SERVER");
  assertEquals(after({ name: "previousTab" }), "bob");
  assertEquals(after({ name: "nextTab" }), "SERVER");
  assertEquals(after({ name: "tab", at: 2 }), "alice");
  assertEquals(after({ name: "tab", at: 8 }), "alice");
  assertEquals(after({ name: "click", row: 3, column: 2 }), "bob");
  assertEquals(after({ name: "click", row: 1, column: 20 }), "bob");
  assertEquals(after({ name: "click", row: 4, column: 2 }), "bob");
  assertEquals(after({ name: "nextUnread" }), "bob");
});
