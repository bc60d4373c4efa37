/** Makes the worked example of docs/protocol.md anew, byte for byte. */
import { assert, assertEquals } from "@std/assert";

import { type Primitives, primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Links } from "../../core/link/links.ts";
import { Identity, NO_HASH } from "../../core/messages/identity.ts";
import { Sealer } from "../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../core/messages/message_id.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { PROJECT } from "../kit/program.ts";

const ALICE: Address = { host: "192.0.2.1", port: 40000 };
const BOB: Address = { host: "192.0.2.2", port: 9999 };
/** 2022-03-22 21:35:12.521 UTC. */
const NOW: Millis = 1_647_984_912_521;

/** Secrets of 32 such bytes, one behind the other. */
const filled = (...bytes: number[]) => Uint8Array.from(bytes.flatMap((byte) => Array(32).fill(byte)));

/** The keys of their links are those that the ends draw first. */
const [aliceIdentity, bobIdentity] = [filled(65, 1), filled(66, 129)].map((it) =>
  new Identity(primitives, it)
);
const bundleOf = (identity: Identity, nick: string, prekey: number) =>
  identity.bundle(nick, primitives.keyPair(filled(prekey)).publicKey.toHex(), NOW, 1);

const ENVELOPE = { id: "00112233445566778899aabbccddeeff", from: "alice", to: "bob" };
const CONTENTS = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: NOW, text: "hi" };
const LETTER = new Sealer(primitives, () => filled(69), aliceIdentity!.keyPair).seal(
  NOW,
  ENVELOPE,
  0,
  { sender: bundleOf(aliceIdentity!, "alice", 67), recipient: bundleOf(bobIdentity!, "bob", 68) },
  CONTENTS,
)!;
const DIRECT: Verb = { type: "direct", ...ENVELOPE, body: LETTER };
const RECEIPT: Verb = {
  type: "receipt",
  from: "bob",
  to: "alice",
  ...bobIdentity!.receipt("bob", "alice", { id: ENVELOPE.id, edition: 0, outcome: "read" }),
};

const lines: string[] = [];

function tell(what: string, bytes: Uint8Array): void {
  lines.push("", `${what}, ${bytes.length} bytes`, ...(bytes.toHex().match(/.{1,64}/g) ?? []));
}

/** The real ones, which tell what they seal under a session. */
const telling: Primitives = {
  ...primitives,
  seal(key, counter, associated, plaintext) {
    if (associated.length === 0) {
      lines.push("", `key ${key.toHex()}, number ${counter}`);
      tell("frames", plaintext);
    }
    return primitives.seal(key, counter, associated, plaintext);
  },
};

/** The n-th draw of an end gives n, or 128 + n, as often as bytes were asked for. */
function makeEnd(base: number): Links {
  let draws = base;
  const random = (count: number) => new Uint8Array(count).fill(++draws);
  const ownKey = primitives.keyPair(random(32));
  tell(`${base === 0 ? "alice" : "bob"}'s public key`, ownKey.publicKey);
  return new Links({
    primitives: telling,
    random,
    ownKey,
    timestamp: (now) => now,
    name: undefined,
    keepsAlive: true,
  });
}

function makeExample(): string {
  const alice = makeEnd(0);
  const bob = makeEnd(128);
  const bobKey = primitives.keyPair(new Uint8Array(32).fill(129)).publicKey;
  const carry = (now: Millis, from: Links, to: Links, address: Address) => {
    const datagrams = from.takeDatagrams(now);
    return datagrams.map(({ bytes }) => {
      tell(`datagram from ${from === alice ? "alice" : "bob"}`, bytes);
      return to.receive(now + 5, address, bytes);
    });
  };
  alice.open(NOW, bobKey.toHex(), [BOB]).send(NOW, DIRECT);
  carry(NOW, alice, bob, ALICE);
  carry(NOW + 5, bob, alice, BOB);
  const [arrival] = carry(NOW + 10, alice, bob, ALICE);
  assert(arrival?.type === "verbs");
  assertEquals(arrival.verbs, [DIRECT]);
  arrival.link.send(NOW + 15, RECEIPT);
  const [answer] = carry(NOW + 15, bob, alice, BOB);
  assert(answer?.type === "verbs");
  assertEquals(answer.verbs, [RECEIPT]);
  return lines.slice(1).join("\n");
}

Deno.test("the worked example in docs/protocol.md is what the program makes", async () => {
  const text = await Deno.readTextFile(`${PROJECT}/docs/protocol.md`);
  const [, documented] = /<!-- worked example -->\n\n```\n([^]*?)\n```/.exec(text) ?? [];
  // Where it differs, the new one is to be put there.
  assertEquals(documented, makeExample());
});
