/** The handshake, against the published vectors and against those who alter it. */
import { assert, assertEquals } from "@std/assert";

import { primitives } from "../../../core/base/crypto.ts";
import { NoiseInitiator, NoiseResponder, type TransportKeys } from "../../../core/wire/noise.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";

/**
 * From the vectors of cacophony (github.com/haskell-cryptography/cacophony): this protocol, no pre-shared
 * key.
 */
const VECTOR = {
  prologue: "4a6f686e2047616c74",
  initiatorStatic: "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
  initiatorEphemeral: "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
  responderPublic: "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62",
  responderStatic: "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
  responderEphemeral: "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
  hash: "0b0f68fb0c27e03ce9b97565995ed4838cc0581b762ef72b062f6a546419fad7",
  messages: [
    [
      "4c756477696720766f6e204d69736573",
      "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944718da798efbcd91528520204f904b9bd6c7413dcc" +
      "dc214d951e15253e39987f18146e8cd0873654207148333479d4d16c289f0294b29960a72f48e0b7bba2e89083169825e59642148" +
      "d492020664ccf7",
    ],
    [
      "4d757272617920526f746862617264",
      "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088435361e70b2ed446e6c9ec387d1d6b3b840f194e373" +
      "979d241b203c4acafccf5",
    ],
    ["462e20412e20486179656b", "050e9f3c8fac16b68dbce8f8c4bfbf6617c897f9ada4aa29aa19c8"],
    ["4361726c204d656e676572", "344233a6cabb7141d80f3da2fedc311d9646bbb0f505afe403a667"],
    [
      "4a65616e2d426170746973746520536179",
      "62cdeeb172ad7ade7aa7d9e069da5790f12331bfa00177787a1d0810c67dc3b2b4",
    ],
    [
      "457567656e2042f6686d20766f6e2042617765726b",
      "029bead1b40992327044d409d9a1f3ad8f36c3c452775d557e18bbeb2e8dfcead32d514024",
    ],
  ],
} as const;

const NONE = new Uint8Array(0);
const PAYLOAD = Uint8Array.of(1, 2, 3);

const pair = (secret: string) => primitives.keyPair(Uint8Array.fromHex(secret));
const prologue = Uint8Array.fromHex(VECTOR.prologue);
const initiatorKey = pair(VECTOR.initiatorStatic);
const responderKey = pair(VECTOR.responderStatic);

function newInitiator(remote = responderKey.publicKey, from = prologue): NoiseInitiator {
  return new NoiseInitiator(
    { primitives, prologue: from, staticKey: initiatorKey },
    pair(VECTOR.initiatorEphemeral),
    remote,
  );
}

function newResponder(): NoiseResponder {
  return new NoiseResponder({ primitives, prologue, staticKey: responderKey });
}

function keysInHex({ initiator, responder, hash }: TransportKeys): string[] {
  return [initiator, responder, hash].map((bytes) => bytes.toHex());
}

Deno.test("both sides reproduce the published vector, handshake and transport", () => {
  assertEquals(responderKey.publicKey.toHex(), VECTOR.responderPublic);
  const [[firstPayload, first], [secondPayload, second], ...transport] = VECTOR.messages;
  const [initiator, responder] = [newInitiator(), newResponder()];
  assertEquals(initiator.writeMessage(Uint8Array.fromHex(firstPayload))!.toHex(), first);
  const opened = responder.readMessage(Uint8Array.fromHex(first))!;
  assertEquals(opened.remoteStatic.toHex(), initiatorKey.publicKey.toHex());
  assertEquals(opened.payload.toHex(), firstPayload);
  const answer = responder.writeMessage(pair(VECTOR.responderEphemeral), Uint8Array.fromHex(secondPayload))!;
  assertEquals(answer.message.toHex(), second);
  const answered = initiator.readMessage(answer.message)!;
  assertEquals(answered.payload.toHex(), secondPayload);
  assertEquals(keysInHex(answered.keys), keysInHex(answer.keys));
  assertEquals(answered.keys.hash.toHex(), VECTOR.hash);
  for (const [at, [payload, ciphertext]] of transport.entries()) {
    const key = at % 2 === 0 ? answered.keys.initiator : answered.keys.responder;
    const counter = Math.floor(at / 2);
    assertEquals(primitives.seal(key, counter, NONE, Uint8Array.fromHex(payload)).toHex(), ciphertext);
    assertEquals(primitives.open(key, counter, NONE, Uint8Array.fromHex(ciphertext))!.toHex(), payload);
  }
});

Deno.test("no altered bit of the first message is taken", () => {
  const message = newInitiator().writeMessage(PAYLOAD)!;
  for (let at = 0; at < message.length; at++) {
    const altered = message.map((byte, index) => index === at ? byte ^ 1 << at % 8 : byte);
    // The top bit of an X25519 key is masked out (RFC 7748, section 5), but it is in the hash.
    assertEquals(newResponder().readMessage(altered), undefined, `byte ${at}`);
  }
});

Deno.test("no altered bit of the second message is taken, and the genuine one still is", () => {
  const [initiator, responder] = [newInitiator(), newResponder()];
  responder.readMessage(initiator.writeMessage(PAYLOAD)!);
  const { message, keys } = responder.writeMessage(pair(VECTOR.responderEphemeral), PAYLOAD)!;
  for (let at = 0; at < message.length; at++) {
    const altered = message.map((byte, index) => index === at ? byte ^ 1 << at % 8 : byte);
    assertEquals(initiator.readMessage(altered), undefined, `byte ${at}`);
  }
  assertEquals(keysInHex(initiator.readMessage(message)!.keys), keysInHex(keys));
});

Deno.test("messages that are too short are not taken", () => {
  const [initiator, responder] = [newInitiator(), newResponder()];
  const first = initiator.writeMessage(NONE)!;
  for (let length = 0; length < first.length; length++) {
    assertEquals(newResponder().readMessage(first.subarray(0, length)), undefined);
  }
  responder.readMessage(first);
  const { message } = responder.writeMessage(pair(VECTOR.responderEphemeral), NONE)!;
  for (let length = 0; length < message.length; length++) {
    assertEquals(initiator.readMessage(message.subarray(0, length)), undefined);
  }
});

Deno.test("another prologue, or another responder, and the first message is not taken", () => {
  const other = newInitiator(responderKey.publicKey, PAYLOAD);
  assertEquals(newResponder().readMessage(other.writeMessage(PAYLOAD)!), undefined);
  const elsewhere = newInitiator(pair(VECTOR.responderEphemeral).publicKey);
  assertEquals(newResponder().readMessage(elsewhere.writeMessage(PAYLOAD)!), undefined);
});

Deno.test("keys of low order are refused, whoever sends them", () => {
  assertEquals(newInitiator(new Uint8Array(32)).writeMessage(PAYLOAD), undefined);
  const [initiator, responder] = [newInitiator(), newResponder()];
  const first = initiator.writeMessage(PAYLOAD)!;
  const low = first.slice();
  low.fill(0, 0, 32);
  assertEquals(newResponder().readMessage(low), undefined);
  responder.readMessage(first);
  const { message } = responder.writeMessage(pair(VECTOR.responderEphemeral), PAYLOAD)!;
  const lowAnswer = message.slice();
  lowAnswer.fill(0, 0, 32);
  assertEquals(initiator.readMessage(lowAnswer), undefined);
});

Deno.test("the cheap functions of the simulator keep to the same lengths and the same rules", () => {
  const [own, peer, ephemeral, answering] = [1, 2, 3, 4].map((byte) =>
    cheapPrimitives.keyPair(new Uint8Array(32).fill(byte))
  ) as [typeof initiatorKey, typeof initiatorKey, typeof initiatorKey, typeof initiatorKey];
  const cheap = { primitives: cheapPrimitives, prologue };
  const initiator = new NoiseInitiator({ ...cheap, staticKey: own }, ephemeral, peer.publicKey);
  const responder = new NoiseResponder({ ...cheap, staticKey: peer });
  const first = initiator.writeMessage(PAYLOAD)!;
  assertEquals(first.length, newInitiator().writeMessage(PAYLOAD)!.length);
  const altered = first.map((byte, at) => at === 40 ? byte ^ 1 : byte);
  assertEquals(new NoiseResponder({ ...cheap, staticKey: peer }).readMessage(altered), undefined);
  const opened = responder.readMessage(first);
  assert(opened !== undefined);
  assertEquals([opened.remoteStatic, opened.payload], [own.publicKey, PAYLOAD]);
  const answer = responder.writeMessage(answering, PAYLOAD)!;
  assertEquals(keysInHex(initiator.readMessage(answer.message)!.keys), keysInHex(answer.keys));
  assertEquals(own.agree(new Uint8Array(32)), undefined);
});
