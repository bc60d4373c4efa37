/** Attacks on third persons: who asks under a forged address makes nobody send more there than was sent. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import { primitives } from "../../core/base/crypto.ts";
import {
  AMPLIFICATION_LIMIT,
  ANNOUNCEMENTS_PER_SECOND,
  CALM_HANDSHAKES_MS,
  DATAGRAM_BYTES,
  HOST_INITIATIONS_BURST,
  VERSION_ANSWERS_PER_SECOND,
} from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import {
  decodePacket,
  encodeAnnounce,
  encodeCookieReply,
  encodeDiscover,
  encodeResponse,
  encodeVersions,
  NONCE_BYTES,
} from "../../core/wire/packet.ts";
import { encodeTransport } from "../kit/datagram.ts";
import { altered, Peer } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import { Speaker, STRANGER } from "../kit/speaker.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

/** Who is to be flooded: he has never sent anything. */
const THIRD: Address = { host: "10.99.9.9", port: 53 };

const bytesOf = (datagrams: readonly { bytes: Uint8Array }[]) =>
  datagrams.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Somebody to be asked, and what it draws from him when this comes from the third person's address. */
class Mirror {
  readonly arena: Arena;
  readonly to: Address;
  readonly ownKey: Uint8Array;

  constructor(arena: Arena, to: Address, ownKey: Uint8Array) {
    this.arena = arena;
    this.to = to;
    this.ownKey = ownKey;
  }

  /** The kinds of packets that it draws, at most as many bytes as went in. */
  draws(...datagrams: Uint8Array[]): string[] {
    const { arena, to } = this;
    const since = arena.datagrams.length;
    for (const bytes of datagrams) arena.network.send(THIRD, to, bytes);
    arena.runs(20_000);
    const answers = arena.datagrams.slice(since).filter((sent) => equalAddresses(sent.to, THIRD));
    const [out, into] = [bytesOf(answers), bytesOf(datagrams.map((bytes) => ({ bytes })))];
    assertLessOrEqual(out, into, `${out} bytes for ${into}, the first ${datagrams[0]!.toHex().slice(0, 20)}`);
    return answers.map(({ bytes }) => {
      const packet = decodePacket(bytes);
      return typeof packet === "symbol" ? "malformed" : packet.type;
    });
  }

  /** A valid initiation of somebody whom nobody knows. */
  initiation(): Uint8Array {
    return new Peer(primitives, this.arena.random, this.ownKey).initiation(this.arena.now).bytes;
  }
}

/** alice, and the server, in a world in which they have talked with bob. */
function mirrors(): { arena: Arena; alice: Person; bob: Person; server: Mirror; client: Mirror } {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const server = new Mirror(arena, SERVER, Uint8Array.fromHex(arena.server.key));
  const client = new Mirror(arena, alice.address, Uint8Array.fromHex(alice.key));
  return { arena, alice, bob, server, client };
}

Deno.test("attack: reflect off the server and off a client, with every kind of datagram: never more out than in", () => {
  const { arena, server, client } = mirrors();
  const { random } = arena;
  const discover = encodeDiscover(random(NONCE_BYTES));
  for (const mirror of [server, client]) {
    const initiation = mirror.initiation();
    const kinds: Record<string, readonly [Uint8Array[], string[]]> = {
      "discover": [[discover], mirror === server ? ["announce"] : []],
      "a long discover": [
        [encodeDiscover(random(NONCE_BYTES), DATAGRAM_BYTES)],
        mirror === server ? ["announce"] : [],
      ],
      "announce": [[encodeAnnounce(random(NONCE_BYTES), mirror.ownKey, "x".repeat(32))], []],
      "a valid initiation": [[initiation], ["response"]],
      "the same, again and again": [[initiation, initiation, initiation], Array(3).fill("response")],
      "an initiation with a wrong mac1": [[altered(initiation, 134)], []],
      "a response": [[encodeResponse(1, 2, random(60))], []],
      "a cookie reply": [[encodeCookieReply(1, random(32), random(32))], []],
      "transport with an unknown index": [[encodeTransport(0xdeadbeef, 1, random(1000))], []],
      "the shortest transport": [[encodeTransport(0xdeadbeef, 1, random(16))], []],
      "versions": [[encodeVersions()], []],
      "all versions": [[Uint8Array.from({ length: DATAGRAM_BYTES }, (_, at) => at & 255)], []],
      "a foreign version, the shortest": [[Uint8Array.of(0x31, 0)], ["versions"]],
      "a foreign version, the longest": [[new Uint8Array(DATAGRAM_BYTES).fill(0xf3)], ["versions"]],
      "one byte": [[Uint8Array.of(0x41)], []],
      "nothing": [[new Uint8Array(0)], []],
    };
    for (const [name, [asked, drawn]] of Object.entries(kinds)) {
      assertEquals(mirror.draws(...asked), drawn, name);
    }
  }
});

Deno.test("attack: reflect with datagrams that are cut, altered or random: never more out than in", () => {
  const { arena, server, client } = mirrors();
  const discover = encodeDiscover(arena.random(NONCE_BYTES));
  for (const mirror of [server, client]) {
    for (const whole of [discover, mirror.initiation()]) {
      for (let length = 0; length < whole.length; length++) {
        assertEquals(mirror.draws(whole.subarray(0, length)), [], `${length} bytes of ${whole.length}`);
      }
      for (let at = 1; at < whole.length; at += 7) mirror.draws(altered(whole, at));
    }
    for (let count = 0; count < 500; count++) {
      const bytes = arena.random(arena.dice.below(DATAGRAM_BYTES + 1));
      // Every first byte that means something.
      if (bytes.length > 0) {
        bytes[0] = arena.dice.pick([0x00, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x20, 0xff]);
      }
      mirror.draws(bytes);
    }
  }
});

Deno.test("attack: reflect with what others have sent: never more out than in, and mostly nothing", () => {
  const { arena, server, client } = mirrors();
  const tape = [...arena.datagrams];
  for (const mirror of [server, client]) {
    const meant = tape.filter(({ to }) => equalAddresses(to, mirror.to)).map(({ bytes }) => bytes);
    assert(meant.length > 5);
    for (const bytes of meant) mirror.draws(bytes);
    const drawn = mirror.draws(...meant);
    // A question for the key has no memory; initiations are known to be old, and packets not to be theirs.
    assertEquals([...new Set(drawn)], mirror === server ? ["announce"] : []);
  }
});

Deno.test("attack: reflect many at once: cookies, which are shorter, and at most ten times versions", () => {
  const { server, client } = mirrors();
  for (const mirror of [server, client]) {
    const initiations = Array.from({ length: 3 * CALM_HANDSHAKES_MS }, () => mirror.initiation());
    const drawn = mirror.draws(...initiations);
    const count = (kind: string) => drawn.filter((other) => other === kind).length;
    assertEquals([count("response"), count("cookieReply")], [
      HOST_INITIATIONS_BURST,
      initiations.length - HOST_INITIATIONS_BURST,
    ]);
    const foreign = Array.from({ length: 100 }, () => Uint8Array.of(0x52, 1));
    assertEquals(mirror.draws(...foreign), Array(VERSION_ANSWERS_PER_SECOND).fill("versions"));
  }
  const questions = Array.from(
    { length: 2 * ANNOUNCEMENTS_PER_SECOND },
    () => encodeDiscover(new Uint8Array(16)),
  );
  assertEquals(server.draws(...questions), Array(ANNOUNCEMENTS_PER_SECOND).fill("announce"));
  // Long ones draw no more bytes than short ones.
  const long = Array.from({ length: 200 }, () => encodeDiscover(new Uint8Array(16), DATAGRAM_BYTES));
  const most = Math.floor(
    ANNOUNCEMENTS_PER_SECOND * encodeDiscover(new Uint8Array(16)).length / DATAGRAM_BYTES,
  );
  assertEquals(server.draws(...long), Array(most).fill("announce"));
});

Deno.test("attack: finish a handshake and go on under a forged address: three times what came from there at most", () => {
  const { arena, alice, server, client } = mirrors();
  for (const mirror of [server, client]) {
    const mallory = new Speaker(arena, "mal", { address: { ...STRANGER, port: mirror === server ? 1 : 2 } });
    const target = { address: mirror.to, key: mirror.ownKey.toHex() };
    // The response comes to where mallory is; from then on he seems to be elsewhere.
    mallory.says(target, { type: "keepAlive", nick: "alice" });
    mallory.pretendsToBeAt(THIRD);
    const since = arena.datagrams.length;
    for (let count = 0; count < 30; count++) {
      mallory.says(target, { type: "rowsSince", nick: "mal", version: { start: 0, counter: 0 } });
      arena.runs(1000);
    }
    const sent = arena.datagrams.slice(since).filter(({ from }) => equalAddresses(from, THIRD));
    const drawn = arena.datagrams.slice(since).filter(({ to }) => equalAddresses(to, THIRD));
    assert(sent.length > 0 && drawn.length > 0);
    assertLessOrEqual(bytesOf(drawn), AMPLIFICATION_LIMIT * bytesOf(sent));
  }
  alice.sees();
});

Deno.test("attack: a member whose packets are sent on from a third person's address: three times what came from there", () => {
  const { arena, alice, bob } = mirrors();
  // Everything that alice says to the server seems to come from elsewhere, and does not come from her.
  arena.passes = ({ from, to, bytes }) => {
    if (!equalAddresses(from, alice.address) || !equalAddresses(to, SERVER)) return true;
    arena.network.send(THIRD, to, bytes);
    return false;
  };
  const since = arena.datagrams.length;
  alice.posts("hi");
  for (let count = 0; count < 20; count++) {
    bob.posts("long ".repeat(200));
    arena.runs(500);
  }
  const tape = arena.datagrams.slice(since);
  const sent = tape.filter(({ from }) => equalAddresses(from, THIRD));
  const drawn = tape.filter(({ to }) => equalAddresses(to, THIRD));
  assert(sent.length > 0 && drawn.length > 0);
  assertLessOrEqual(bytesOf(drawn), AMPLIFICATION_LIMIT * bytesOf(sent));
});
