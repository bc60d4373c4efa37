/** Two tables of links with a wire between them that the test holds in its hands. */
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { encodeFrame } from "../../core/frame.ts";
import { HELLO_BYTES, LINK_IDLE_MS, SESSION_SILENT_MS } from "../../core/limits.ts";
import type { Link } from "../../core/link.ts";
import { type Arrival, Links } from "../../core/links.ts";
import type { Address, Millis } from "../../core/machine.ts";
import { Dice } from "../simulator/random.ts";
import { named, packet, sent, verbOf } from "./wire.ts";

const A: Address = { host: "10.0.0.1", port: 1 };
const B: Address = { host: "10.0.0.2", port: 2 };
const C: Address = { host: "10.0.0.3", port: 3 };

let lives = 0;

function newLinks(): Links {
  const dice = new Dice(++lives);
  return new Links((count) => dice.bytes(count));
}

class Pair {
  a = newLinks();
  b = newLinks();
  addressOfA = A;
  readonly heard: Arrival[] = [];

  /** Carries, a moment for each way, until nobody has anything to send; what goes to other addresses is lost. */
  exchange(begin: Millis): void {
    for (let [busy, now] = [true, begin]; busy; now += 0.01) {
      busy = false;
      for (const { to, bytes } of sent(this.a.take(now))) {
        if (to.host !== B.host) continue;
        busy = true;
        const arrival = this.b.receive(now, this.addressOfA, bytes);
        if (arrival !== undefined) this.heard.push(arrival);
      }
      for (const { to, bytes } of sent(this.b.take(now))) {
        if (to.host !== this.addressOfA.host) continue;
        busy = true;
        this.a.receive(now, B, bytes);
      }
    }
  }

  get nicks(): string[] {
    return this.heard.flatMap(({ verb }) => verb?.type === "keepAlive" ? [verb.nick] : []);
  }
}

function connected(): { pair: Pair; link: Link } {
  const pair = new Pair();
  const link = pair.a.open(0, [B]);
  link.send(0, verbOf("x"));
  for (const now of [0, 25]) pair.exchange(now);
  assertEquals(pair.nicks, ["x"]);
  return { pair, link };
}

Deno.test("hello, retry, transport: then what was said has arrived", () => {
  const [a, b] = [newLinks(), newLinks()];
  a.open(0, [B]).send(0, verbOf("x"));
  const [hello] = sent(a.take(0));
  assertEquals(b.receive(0, A, hello!.bytes), undefined);
  const [retry] = sent(b.take(0));
  assertEquals([hello!.frame.type, retry!.frame.type, retry!.to], ["hello", "retry", A]);
  a.receive(1, B, retry!.bytes);
  const [transport] = sent(a.take(1));
  assertEquals(b.receive(2, A, transport!.bytes)?.verb, verbOf("x"));
});

Deno.test("a stranger gets nothing but a retry, shorter than its hello, and leaves nothing behind", () => {
  const links = newLinks();
  for (let port = 1; port <= 1000; port++) {
    const hello = encodeFrame({ type: "hello", reply: "00".repeat(8) });
    assertEquals(links.receive(0, { host: "10.6.6.6", port }, hello), undefined);
    const [retry, ...more] = sent(links.take(0));
    assertEquals([retry!.frame.type, more.length], ["retry", 0]);
    assertLess(retry!.bytes.length, HELLO_BYTES);
  }
  // No timer, no repeat: nothing is remembered.
  assertEquals([links.deadline, links.take(1e6)], [Infinity, []]);
});

Deno.test("without the token of its address nothing is taken, counted as dropped", () => {
  const links = newLinks();
  const frames = [packet(1, {}, verbOf("x")), packet(0), {
    type: "retry" as const,
    token: "ab".repeat(8),
    reply: "00".repeat(8),
  }];
  for (const frame of frames) assertEquals(links.receive(0, C, encodeFrame(frame)), undefined);
  assertEquals(links.receive(0, C, new Uint8Array(5)), undefined);
  assertEquals([links.take(1e6), links.takeDropped(), links.takeDropped()], [[], 4, 0]);
});

Deno.test("the token of one address is worth nothing at another", () => {
  const { pair, link } = connected();
  link.send(100, verbOf("y"));
  const [stolen] = sent(pair.a.take(100));
  assertEquals(pair.b.receive(100, C, stolen!.bytes), undefined);
  assertEquals(pair.b.receive(100, A, stolen!.bytes)?.verb, verbOf("y"));
});

Deno.test("candidates are tried in order, each twice, until one answers", () => {
  const pair = new Pair();
  pair.a.open(0, [C, B]).send(0, verbOf("x"));
  const tried: number[] = [];
  for (let now = 0; tried.length < 3; now = pair.a.deadline) {
    for (const { to } of sent(pair.a.take(now))) tried.push(to.port);
  }
  assertEquals(tried, [3, 3, 2]);
  const again = new Pair();
  const link = again.a.open(0, [C, B]);
  link.send(0, verbOf("x"));
  for (let now = 0; now < 2000 && again.nicks.length === 0; now = again.a.deadline) again.exchange(now);
  assertEquals([again.nicks, link.address], [["x"], B]);
});

Deno.test("one link to one address", () => {
  const links = newLinks();
  assertEquals(links.open(0, [B]), links.open(0, [B]));
  assertNotEquals<unknown>(links.open(0, [B]), links.open(0, [C]));
});

Deno.test("a peer that moves is known by its session: its link follows it", () => {
  const { pair, link } = connected();
  const there = pair.heard[0]!.link;
  pair.addressOfA = C;
  link.send(1000, verbOf("y"));
  for (let now = 1000; now < 5000 && pair.nicks.length < 2; now = pair.a.deadline) pair.exchange(now);
  assertEquals(pair.nicks, ["x", "y"]);
  assertEquals(pair.heard.at(-1)!.link, there);
  assertEquals(pair.heard.at(-1)!.restarted, false);
  assertEquals(there.address, C);
});

Deno.test("a peer in a new life is told of once, on the same link", () => {
  const { pair } = connected();
  const there = pair.heard[0]!.link;
  there.send(100, verbOf("former"));
  pair.a = newLinks();
  pair.a.open(200, [B]).send(200, verbOf("y"));
  for (const now of [200, 225]) pair.exchange(now);
  const [, second, ...more] = pair.heard;
  assertEquals([second!.link, second!.restarted, second!.verb], [there, true, verbOf("y")]);
  assert(more.every(({ restarted }) => !restarted));
  assertEquals(sent(pair.b.take(20_000)).filter(({ verb }) => verb !== undefined), []);
});

Deno.test("a late packet of a former life is dropped while the new one is heard", () => {
  const { pair, link } = connected();
  link.send(100, verbOf("late"));
  const [late] = sent(pair.a.take(100));
  pair.a = newLinks();
  pair.a.open(200, [B]).send(200, verbOf("y"));
  for (const now of [200, 225]) pair.exchange(now);
  assertEquals(pair.b.receive(226, A, late!.bytes), undefined);
  pair.a.open(300, [B]).send(300, verbOf("z"));
  pair.exchange(300);
  assertEquals(pair.nicks, ["x", "y", "z"]);
  assert(SESSION_SILENT_MS > 100);
});

Deno.test("a hello that anybody can fake drops nothing and restarts nothing", () => {
  const { pair, link } = connected();
  const there = pair.heard[0]!.link;
  there.send(100, verbOf("y"), "tag");
  pair.b.receive(100, A, encodeFrame({ type: "hello", reply: "00".repeat(8) }));
  assert(there.has("tag"));
  pair.b.take(100).splice(0);
  link.send(101, verbOf("z"));
  pair.exchange(101);
  assertEquals(pair.heard.at(-1)!.restarted, false);
});

Deno.test("a repeat of a real datagram is taken once", () => {
  const { pair, link } = connected();
  link.send(100, verbOf("y"));
  const [real] = sent(pair.a.take(100));
  assertEquals(pair.b.receive(100, A, real!.bytes)?.verb, verbOf("y"));
  for (let count = 0; count < 10; count++) assertEquals(pair.b.receive(101, A, real!.bytes)?.verb, undefined);
  assertEquals(named(pair.b.take(101)), ["transport 0 ack"]);
});

Deno.test("a link that nobody uses for 3 minutes is dropped, one that is kept is not", () => {
  const { pair, link } = connected();
  const there = pair.heard[0]!.link;
  there.kept = true;
  for (const links of [pair.a, pair.b]) {
    links.take(LINK_IDLE_MS - 1);
    links.take(LINK_IDLE_MS + 30);
  }
  assertEquals([pair.a.holds(link), pair.b.holds(there)], [false, true]);
});

Deno.test("a candidate that is somebody else's address does not join two links", () => {
  const links = newLinks();
  const first = links.open(0, [A]);
  assertNotEquals(links.open(0, [B, A]), first);
  assertEquals(links.open(0, [A, C]), first);
});
