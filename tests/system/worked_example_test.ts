/** Makes the worked example of docs/protocol.md anew, byte for byte. */
import { assert, assertEquals } from "@std/assert";

import { type Primitives, primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Links } from "../../core/link/links.ts";
import { peopleTag } from "../../core/messages/direct.ts";
import { Identity } from "../../core/messages/identity.ts";
import { prekeyId } from "../../core/messages/letter_form.ts";
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
const PEOPLE = [
  { nick: "alice", identity: aliceIdentity!.publicKey },
  { nick: "bob", identity: bobIdentity!.publicKey },
] as const;
const SERVER_KEY = primitives.keyPair(filled(70)).publicKey.toHex();
const PREFIX = "a1b2c3000000010d0e0f";
const DIRECT: Verb = {
  type: "direct",
  from: "alice",
  to: "bob",
  people: peopleTag(primitives, SERVER_KEY, ...PEOPLE),
  place: prekeyId(primitives.keyPair(filled(68)).publicKey.toHex()),
  prefix: PREFIX,
  messages: [
    { sequence: 1, after: NO_MESSAGE, sentAt: NOW, text: "hi" },
    { sequence: 2, after: undefined, sentAt: NOW + 1, text: "how are you?" },
  ],
};
const GOT: Verb = {
  type: "got",
  from: "bob",
  to: "alice",
  people: peopleTag(primitives, SERVER_KEY, PEOPLE[1], PEOPLE[0]),
  outcome: "read",
  prefix: PREFIX,
  runs: [{ from: 1, to: 2 }],
};

const lines: string[] = [];

function tell(what: string, bytes: Uint8Array): void {
  lines.push("", `${what}, ${bytes.length} bytes`, ...(bytes.toHex().match(/.{1,64}/g) ?? []));
}

/** The real ones, which tell what they seal under a session. */
const telling: Primitives = {
  ...primitives,
  sealInto(target, key, counter, associated, plaintext) {
    if (associated.length === 0) {
      lines.push("", `key ${key.toHex()}, number ${counter}`);
      tell("frames", plaintext);
    }
    primitives.sealInto(target, key, counter, associated, plaintext);
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
    stopwatch: () => 0,
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
  arrival.link.send(NOW + 15, GOT);
  const [answer] = carry(NOW + 15, bob, alice, BOB);
  assert(answer?.type === "verbs");
  assertEquals(answer.verbs, [GOT]);
  return lines.slice(1).join("\n");
}

Deno.test("the worked example in docs/protocol.md is what the program makes", async () => {
  const text = await Deno.readTextFile(`${PROJECT}/docs/protocol.md`);
  const [, documented] = /<!-- worked example -->\n\n```\n([^]*?)\n```/.exec(text) ?? [];
  // Where it differs, the new one is to be put there.
  assertEquals(documented, makeExample());
});
