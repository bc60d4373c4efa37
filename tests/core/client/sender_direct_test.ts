/** To whom messages go directly, and whose answers count. Bob writes, and Alice is in the test's hands. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { GOT_RUNS } from "../../../core/base/limits.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import type { Outcome } from "../../../core/messages/identity.ts";
import { decodeLetter, prekeyId } from "../../../core/messages/letter_form.ts";
import { prefixOf } from "../../../core/messages/message_id.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { ClientStage, row, signedFor } from "./receiver_scene.ts";

const RECEIVED = "[Message received by alice.]";
const NO_ACK = "[No ACK from alice, message sent to server.]";

/** Bob, who is registered, and Alice, whom he knows from the table. */
function met(): { stage: ClientStage; alice: Speaker } {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.lines();
  return { stage, alice };
}

function write(stage: ClientStage, text: string, to = "alice"): void {
  stage.acts({ type: "sendDirect", to, text });
}

/** The texts that somebody was sent directly. */
function texts(peer: Speaker): string[] {
  return peer.heardOf("direct").flatMap(({ messages }) => messages.map(({ text }) => text));
}

/** What a peer answers to the last verb that it was sent, or to another one. */
function got(
  stage: ClientStage,
  peer: Speaker,
  { outcome = "read", to = peer.heardOf("direct").at(-1)!, identity = peer.identity.publicKey }: {
    outcome?: Outcome;
    to?: VerbOf<"direct">;
    identity?: string;
  } = {},
): VerbOf<"got"> {
  const [own, her] = [{ nick: stage.nick, identity: stage.identity.publicKey }, {
    nick: peer.nick,
    identity,
  }];
  const people = peopleTag(cheapPrimitives, stage.server.key, her, own);
  const runs = to.messages.map(({ sequence }) => ({ from: sequence, to: sequence }));
  return { type: "got", from: peer.nick, to: stage.nick, people, outcome, prefix: to.prefix, runs };
}

// ---- to whom ---------------------------------------------------------------------------------------------

Deno.test("a message names the two people and the place, and pins its recipient", () => {
  const { stage, alice } = met();
  assertEquals(stage.saved("known_peer"), []);
  write(stage, "hello");
  const [verb] = alice.heardOf("direct");
  const [own, her] = [
    { nick: stage.nick, identity: stage.identity.publicKey },
    { nick: "alice", identity: alice.identity.publicKey },
  ];
  assertEquals(verb!.people, peopleTag(cheapPrimitives, stage.server.key, own, her));
  assertEquals([verb!.place, texts(alice)], [prekeyId(alice.author.bundle.prekey), ["hello"]]);
  assertEquals(stage.saved("known_peer"), ["known_peer/alice"]);
  assertEquals(stage.server.heardOf("deposit"), []);
});

Deno.test("messages that have waited leave together when their recipient is there", () => {
  const { stage, alice } = met();
  stage.shows(row(alice, { online: false }));
  const all = ["one", "two", "three"];
  for (const text of all) write(stage, text);
  assertEquals(texts(alice), []);
  stage.shows(row(alice));
  assertEquals(alice.heardOf("direct").map(({ messages }) => messages.length), [3]);
  assertEquals(texts(alice), all);
  stage.tells(alice, got(stage, alice));
  const received = all.map((text) => `[Message received by alice: "${text}".]`);
  assertEquals(stage.lines().slice(-3), received);
});

Deno.test("nothing goes to a row with the server's own key: that would send it to the server", () => {
  const { stage, alice } = met();
  const bundle = signedFor(alice, "alice", { key: stage.server.key, counter: 2 });
  stage.shows({ ...row(alice), ...bundle });
  write(stage, "hello");
  stage.run(2000);
  assertEquals([stage.server.heardOf("direct"), texts(alice)], [[], []]);
  assert(stage.server.heardOf("deposit").length > 0);
});

Deno.test("nothing goes to another identity than the one pinned, though its link key is the same", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  stage.tells(alice, got(stage, alice));
  alice.heard.length = 0;
  const thief = stage.peer("alice");
  stage.shows({ ...row(alice), ...signedFor(thief, "alice", { key: alice.key, counter: 2 }) });
  write(stage, "secret");
  stage.run(60_000);
  assertEquals([texts(alice), texts(thief), stage.server.heardOf("deposit")], [[], [], []]);
});

Deno.test("when the prekey changes what waits for an answer is cancelled, and leaves afresh for the new place", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  const prekey = "5e".repeat(32);
  stage.shows(row(alice, alice.identity.bundle("alice", prekey, 1, 2)));
  assertEquals(texts(alice), ["hello", "hello"]);
  assertEquals(alice.heardOf("direct").at(-1)!.place, prekeyId(prekey));
  stage.tells(alice, got(stage, alice));
  assertEquals(stage.lines(), [RECEIVED]);
});

Deno.test("when the key changes what waits goes to the new key, and the answer of the former holder does not count", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  const former = got(stage, alice);
  const phone = stage.peer("alice");
  // The same identity with another link key.
  const moved = { ...row(phone), ...signedFor(alice, "alice", { key: phone.key, counter: 2 }) };
  stage.shows(moved);
  assertEquals([texts(alice), texts(phone)], [["hello"], ["hello"]]);
  stage.tells(alice, former);
  assertEquals(stage.lines(), []);
  stage.tells(phone, got(stage, phone, { identity: alice.identity.publicKey }));
  assertEquals(stage.lines(), [RECEIVED]);
});

// ---- whose answers count ---------------------------------------------------------------------------------

Deno.test("an answer does not count while the recipient has another identity than the one pinned", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  const genuine = got(stage, alice);
  const thief = stage.peer("alice");
  stage.shows({ ...row(alice), ...signedFor(thief, "alice", { key: alice.key, counter: 2 }) });
  stage.lines();
  stage.tells(alice, genuine, { ...genuine, ...got(stage, alice, { identity: thief.identity.publicKey }) });
  assertEquals(stage.lines(), []);
  stage.shows(row(alice));
  stage.tells(alice, got(stage, alice));
  assertEquals(stage.lines(), [RECEIVED]);
});

Deno.test("an answer counts for messages that went to this peer in this process, and as often as it comes once", () => {
  const at = { port: 20_000 };
  const stage = new ClientStage(at);
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  write(stage, "hello");
  const first = got(stage, alice);
  stage.restarts(at);
  stage.lines();
  // The table is empty: nobody knows whose key that is.
  for (let time = 0; time < 2; time++) stage.tells(alice, first);
  assertEquals([stage.lines(), stage.saved("outbox").length], [[], 1]);
  stage.registered(row(alice));
  stage.run(2000);
  stage.lines();
  for (let time = 0; time < 3; time++) stage.tells(alice, got(stage, alice));
  assertEquals([stage.lines(), stage.saved("outbox")], [[RECEIVED], []]);
});

Deno.test("an answer may name more messages than there are", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  const verb = got(stage, alice);
  stage.tells(alice, { ...verb, runs: Array(GOT_RUNS).fill({ from: 0, to: 2 ** 48 - 1 }) });
  assertEquals(stage.lines(), [RECEIVED]);
});

// ---- the way by the server beside it ---------------------------------------------------------------------

Deno.test("after 500 ms the message goes to the server as well, as a letter that is made then; the direct way goes on", () => {
  const { stage, alice } = met();
  write(stage, "hello");
  assertEquals(stage.server.heardOf("deposit"), []);
  stage.run(600);
  const [deposit] = stage.server.heardOf("deposit");
  assertEquals(prefixOf(deposit!.id), alice.heardOf("direct")[0]!.prefix);
  assertEquals(stage.lines(), [NO_ACK]);
  const letter = decodeLetter(deposit!.body);
  assert(letter !== MALFORMED);
  assertEquals([letter.version, letter.edition], [4, 0]);
  const envelope = { id: deposit!.id, from: stage.nick, to: "alice" };
  assertEquals(alice.author.open(envelope, deposit!.body)?.text, "hello");
  stage.tells(alice, got(stage, alice));
  assertEquals(stage.lines(), [RECEIVED]);
});

Deno.test("a letter leaves as the same bytes until it is stored, also from the next process", () => {
  const at = { port: 20_000 };
  const stage = new ClientStage(at);
  const alice = stage.peer("alice");
  stage.registered(row(alice, { online: false }));
  write(stage, "hello");
  const [first] = stage.server.heardOf("deposit");
  assertEquals(stage.saved("outbox").length, 1);
  stage.restarts(at);
  stage.registered(row(alice, { online: false }));
  stage.run(2000);
  const again = stage.server.heardOf("deposit").at(-1)!;
  assert(again !== first, "it was not deposited again");
  assertEquals(again, first);
});
