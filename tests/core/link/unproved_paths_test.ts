/**
 * What somebody who sends in the name of others can make us send to them: no more than three times his bytes.
 */
import { assert, assertLessOrEqual } from "@std/assert";
import { AMPLIFICATION_LIMIT } from "../../../core/base/limits.ts";
import { chat } from "../../kit/pair.ts";
import { acking, PING, verbOf } from "../../kit/peer.ts";
import { numberOf, type Sent } from "../../kit/sent.ts";
import { TestLink } from "../../kit/test_link.ts";

function bytesOf(packets: readonly Sent[]): number {
  return packets.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Where somebody is who sends in the name of others, and whoever has to pay for it. */
const [MALLORY, VICTIM] = [{ host: "10.6.6.6", port: 6 }, { host: "10.9.9.9", port: 9 }] as const;

/**
 * Packets in the victim's name that acknowledge all that left, seen or not; draws how many times their bytes.
 */
function drawn(test: TestLink, now: number, spoofed: number): number {
  for (let count = 0; count < 100; count++) test.link.send(now, chat("x".repeat(1000)));
  for (let at = now; at < now + 1000; at += 20) {
    test.take(at);
    const packet = test.peer.packet([acking(1, Math.max(0, ...test.left.map(numberOf)))]);
    spoofed += packet.length;
    test.receive(at, packet, VICTIM);
  }
  test.take(now + 1000);
  return bytesOf(test.left.filter(({ to }) => to.host === VICTIM.host)) / spoofed;
}

Deno.test("who answers a handshake from two addresses proves neither", () => {
  const test = new TestLink(1000);
  const handshake = test.peer.initiation(1000);
  test.receive(1000, handshake.bytes, MALLORY);
  handshake.finish(test.take(1000)[0]!.bytes);
  test.receive(1000, handshake.bytes, VICTIM);
  const first = test.peer.packet([PING]);
  test.receive(1000, first, VICTIM);
  assertLessOrEqual(drawn(test, 1000, handshake.bytes.length + first.length), AMPLIFICATION_LIMIT);
});

Deno.test("a response from an address that the initiation did not go to alone proves nothing", () => {
  const test = new TestLink(1000, { addresses: [MALLORY, VICTIM] });
  test.link.send(1000, verbOf("x"));
  const response = test.peer.answer(test.take(1000)[0]!.bytes).bytes;
  test.receive(1005, response, VICTIM);
  assertLessOrEqual(drawn(test, 1005, response.length), AMPLIFICATION_LIMIT);
});

Deno.test("an acknowledgement of many ranges draws no more to an address that is not proved", () => {
  const test = TestLink.withPath(1000);
  test.peer.number = 2 ** 40;
  let spoofed = 0;
  for (let count = 0; count < 200; count++) {
    const bytes = test.peer.packet([PING, PING], { number: test.peer.number += 2 ** 31 });
    spoofed += bytes.length;
    test.receive(2000 + 10 * count, bytes, { ...VICTIM, port: 1 + count % 2 });
    test.take(2000 + 10 * count);
  }
  const toVictim = test.left.filter(({ to }) => to.host === VICTIM.host);
  assertLessOrEqual(bytesOf(toVictim), AMPLIFICATION_LIMIT * spoofed);
});

Deno.test("what there was no room to acknowledge is acknowledged later", () => {
  const test = new TestLink(1000);
  const handshake = test.peer.initiation(1000);
  test.receive(1000, handshake.bytes, MALLORY);
  handshake.finish(test.take(1000)[0]!.bytes);
  // Answered from two addresses, so neither is proved.
  test.receive(1000, handshake.bytes, VICTIM);
  const first = test.peer.number + 10;
  for (const number of [first, first + 2, first + 4]) {
    test.receive(2000, test.peer.packet([PING], { number }), VICTIM);
    test.take(2000);
  }
  const challenge = test.left.flatMap(({ frames }) => frames).find(({ type }) => type === "challenge");
  assert(challenge?.type === "challenge");
  const last = Math.max(...test.left.map(numberOf));
  const answer = test.peer.packet([acking(1, last), { type: "response", data: challenge.data }], {
    number: first + 6,
  });
  test.receive(2010, answer, VICTIM);
  const acks = test.run(2010, 2100).flatMap(({ frames }) => frames).filter(({ type }) => type === "ack");
  const all = [first + 6, first + 4, first + 2, first].map((number) => [number, number] as const);
  assert(
    acks.some((ack) => ack.type === "ack" && JSON.stringify(ack.ranges.slice(0, 4)) === JSON.stringify(all)),
  );
});
