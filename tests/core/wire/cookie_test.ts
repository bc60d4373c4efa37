/** The macs of handshake packets, and cookies. `MALLORY` is anybody else. */
import { assert, assertEquals, assertFalse, assertLess, assertNotEquals } from "@std/assert";
import { KEY_BYTES, primitives as realPrimitives } from "../../../core/base/crypto.ts";
import { COOKIE_LIFE_MS } from "../../../core/base/limits.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { CookieBaker, CookieJar, hasMac1, mac1Key, setMac1 } from "../../../core/wire/cookie.ts";
import {
  type CookieReply,
  decodePacket,
  encodeInitiation,
  type Initiation,
  INITIATION_NOISE_BYTES,
  MAC_BYTES,
} from "../../../core/wire/packet.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { Dice } from "../../kit/dice.ts";
import { altered } from "../../kit/peer.ts";
import { ELSEWHERE, PEER } from "../../kit/test_link.ts";

const MALLORY: Address = { host: PEER.host, port: PEER.port + 1 };
const NO_MAC = new Uint8Array(MAC_BYTES);

for (const [kind, primitives] of Object.entries({ real: realPrimitives, cheap: cheapPrimitives })) {
  /** A responder, and whoever wants to begin a handshake with it. */
  class Sides {
    readonly dice = new Dice(1);
    readonly responderKey = this.dice.bytes(KEY_BYTES);
    readonly baker = new CookieBaker(primitives, (count) => this.dice.bytes(count), this.responderKey);
    readonly jar = new CookieJar(primitives, this.responderKey);

    /** With mac1, and with mac2 where there is a cookie. */
    initiation(now: Millis): Initiation {
      const bytes = encodeInitiation(7, this.dice.bytes(INITIATION_NOISE_BYTES));
      setMac1(primitives, mac1Key(primitives, this.responderKey), bytes, bytes.length - MAC_BYTES);
      this.jar.setMac2(now, bytes);
      return decodePacket(bytes) as Initiation;
    }

    reply(now: Millis, from: Address, initiation: Initiation): CookieReply {
      return decodePacket(this.baker.reply(now, from, initiation)) as CookieReply;
    }

    /** The jar gets a cookie for what it asks from this address. */
    bake(now: Millis, from: Address): void {
      const initiation = this.initiation(now);
      const { salt, sealed } = this.reply(now, from, initiation);
      assert(this.jar.takeCookie(now, salt, sealed, initiation.mac1));
    }

    /** Whether an initiation of `sentAt` is let through at `now`. */
    isGood(now: Millis, from: Address, sentAt = now): boolean {
      return this.baker.hasMac2(now, from, this.initiation(sentAt));
    }
  }

  Deno.test(`${kind}: mac1 is right for one key and one packet only`, () => {
    const { dice, responderKey } = new Sides();
    const key = mac1Key(primitives, responderKey);
    const bytes = dice.bytes(60);
    const before = bytes.slice();
    const mac = setMac1(primitives, key, bytes, 50);
    assertEquals(mac, bytes.slice(50 - MAC_BYTES, 50));
    // Nothing else is written.
    assertEquals(bytes.slice(0, 50 - MAC_BYTES), before.slice(0, 50 - MAC_BYTES));
    assertEquals(bytes.slice(50), before.slice(50));
    assert(hasMac1(primitives, key, bytes, 50));
    for (let at = 0; at < 50; at++) {
      assertFalse(hasMac1(primitives, key, altered(bytes, at), 50), `byte ${at}`);
    }
    // What comes behind the mac is not its business: that is where mac2 stands.
    for (let at = 50; at < 60; at++) assert(hasMac1(primitives, key, altered(bytes, at), 50));
    assertFalse(hasMac1(primitives, mac1Key(primitives, altered(responderKey)), bytes, 50));
  });

  Deno.test(`${kind}: without a cookie mac2 is zeros, whatever stood there, and zeros are no mac2`, () => {
    const { jar, baker, dice } = new Sides();
    const bytes = encodeInitiation(7, dice.bytes(INITIATION_NOISE_BYTES)).fill(0xff, -MAC_BYTES);
    jar.setMac2(0, bytes);
    assertEquals(bytes.slice(-MAC_BYTES), NO_MAC);
    for (const now of [0, 1, COOKIE_LIFE_MS, 1e9]) {
      assertFalse(baker.hasMac2(now, PEER, decodePacket(bytes) as Initiation));
    }
  });

  Deno.test(`${kind}: a cookie lets initiations through, each with a mac2 of its own`, () => {
    const sides = new Sides();
    assertFalse(sides.isGood(0, PEER));
    sides.bake(0, PEER);
    const [first, second] = [sides.initiation(1), sides.initiation(1)];
    assertNotEquals(first.bytes.slice(-MAC_BYTES), second.bytes.slice(-MAC_BYTES));
    for (const { bytes } of [first, second]) {
      assert(sides.baker.hasMac2(1, PEER, decodePacket(bytes) as Initiation));
      for (let at = 0; at < bytes.length; at++) {
        const changed = { ...first, bytes: altered(bytes, at) };
        assertFalse(sides.baker.hasMac2(1, PEER, changed), `byte ${at}`);
      }
    }
  });

  Deno.test(`${kind}: a cookie is good at the address that it was made for, port and all`, () => {
    const sides = new Sides();
    sides.bake(0, PEER);
    assert(sides.isGood(0, PEER));
    for (const from of [MALLORY, ELSEWHERE, { host: "10.0.0.22", port: 2 }, { host: "::1", port: 2 }]) {
      assertFalse(sides.isGood(0, from), `${from.host} ${from.port}`);
    }
  });

  Deno.test(`${kind}: a cookie is used for two minutes, and is good for at least as long`, () => {
    // The secret is born with the first question, at 0; cookies are given at any time of its life.
    for (const givenAt of [0, 1, COOKIE_LIFE_MS / 2, COOKIE_LIFE_MS - 1]) {
      const sides = new Sides();
      sides.isGood(0, PEER);
      sides.bake(givenAt, PEER);
      for (const age of [0, 1, COOKIE_LIFE_MS / 2, COOKIE_LIFE_MS - 1]) {
        assert(sides.isGood(givenAt + age, PEER), `given at ${givenAt}, ${age} old`);
      }
      const end = givenAt + COOKIE_LIFE_MS;
      assertEquals(sides.initiation(end).bytes.slice(-MAC_BYTES), NO_MAC);
    }
  });

  Deno.test(`${kind}: a cookie is good for nothing once two secrets have come after its own`, () => {
    for (const asked of [[2 * COOKIE_LIFE_MS], [COOKIE_LIFE_MS, 2 * COOKIE_LIFE_MS], [1e9]]) {
      const sides = new Sides();
      sides.bake(0, PEER);
      const kept = sides.initiation(0);
      assert(sides.baker.hasMac2(0, PEER, kept));
      const answers = asked.map((now) => sides.baker.hasMac2(now, PEER, kept));
      assertFalse(answers.at(-1), `asked at ${asked.join(" and ")}`);
    }
  });

  Deno.test(`${kind}: a new cookie takes the place of the one before`, () => {
    const sides = new Sides();
    sides.bake(0, PEER);
    sides.bake(COOKIE_LIFE_MS + 1, PEER);
    for (const now of [COOKIE_LIFE_MS + 1, 2 * COOKIE_LIFE_MS]) assert(sides.isGood(now, PEER));
  });

  Deno.test(`${kind}: a cookie reply is for one packet; forged ones and those of others are not taken`, () => {
    const sides = new Sides();
    const initiation = sides.initiation(0);
    const { salt, sealed, receiver } = sides.reply(0, PEER, initiation);
    assertEquals(receiver, initiation.sender);
    const { jar } = sides;
    for (let at = 0; at < sealed.length; at++) {
      assertFalse(jar.takeCookie(0, salt, altered(sealed, at), initiation.mac1), `byte ${at}`);
    }
    assertFalse(jar.takeCookie(0, altered(salt), sealed, initiation.mac1));
    assertFalse(jar.takeCookie(0, salt, sealed, sides.initiation(0).mac1));
    const other = new CookieJar(primitives, altered(sides.responderKey));
    assertFalse(other.takeCookie(0, salt, sealed, initiation.mac1));
    // None of them has left anything in the jar.
    assertFalse(sides.isGood(0, PEER));
    assert(jar.takeCookie(0, salt, sealed, initiation.mac1));
    assert(sides.isGood(0, PEER));
    // Nor does a forged one take away what is there.
    assertFalse(jar.takeCookie(0, salt, altered(sealed), initiation.mac1));
    assert(sides.isGood(0, PEER));
  });

  Deno.test(`${kind}: a cookie reply is shorter than what it answers, and no two are alike`, () => {
    const sides = new Sides();
    const initiation = sides.initiation(0);
    const [one, other] = [0, 0].map((now) => sides.baker.reply(now, PEER, initiation));
    assertLess(one!.length, initiation.bytes.length);
    assertNotEquals(one, other);
  });
}
