/** What becomes of direct messages of others: in which order they are checked, and how they are answered. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import {
  DIRECT_MESSAGES,
  SEEN_RUNS,
  STRANGER_BYTES,
  STRANGERS_BYTES,
  STRANGERS_VERBS,
  UNTAKEN_BURST,
  UNTAKEN_PER_SECOND,
} from "../../../core/base/limits.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import { prekeyId } from "../../../core/messages/letter_form.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { idOf } from "../../kit/samples.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { ClientStage, letterOf, row } from "./receiver_scene.ts";

const ID = idOf(1);
const DAY_MS = 24 * 3600_000;
const CHANGED = "[alice has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to alice until you say 'trust alice'.]";

/** Bob, who is registered, and Alice, whom he knows from the table. */
function met(): { stage: ClientStage; alice: Speaker } {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.lines();
  return { stage, alice };
}

/** Several messages of a peer's in one verb, with these sequences; none names one before it. */
function several(stage: ClientStage, peer: Speaker, sequences: readonly number[], text = "x") {
  const { messages: [first], ...verb } = stage.direct(peer, idOf(1), text);
  const messages = sequences.map((sequence) => ({ ...first!, sequence, after: NO_MESSAGE }));
  return { ...verb, messages };
}

// ---- read ------------------------------------------------------------------------------------------------

Deno.test("a direct message is shown, and its sender gets an answer", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals([stage.answers(alice), stage.receipts(stage.server)], [["read 1"], []]);
});

Deno.test("the messages of a verb are shown in order, and answered together as runs", () => {
  const { stage, alice } = met();
  const verb = several(stage, alice, [1, 2, 3, 5, 6, 9]);
  stage.tells(alice, verb);
  assertEquals(stage.lines(), Array(6).fill("alice: x"));
  assertEquals(alice.heardOf("got").length, 1);
  assertEquals(stage.answers(alice), ["read 1-3", "read 5-6", "read 9"]);
});

Deno.test("the first direct message pins its sender's identity", () => {
  const { stage, alice } = met();
  assertEquals(stage.saved("known_peer"), []);
  stage.says(alice, ID, "hello");
  assertEquals(stage.saved("known_peer"), ["known_peer/alice"]);
  stage.lines();
  stage.shows(row(stage.peer("alice")));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("a message that was read is answered again on the way by which it comes again, and shown once", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  stage.says(alice, ID, "something else");
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(stage.answers(alice), ["read 1", "read 1"]);
  assertEquals(stage.receipts(stage.server).map(({ outcome }) => outcome), ["read"]);
});

Deno.test("what came in a letter is answered directly when it comes directly as well", () => {
  const { stage, alice } = met();
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  stage.says(alice, ID, "something else");
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(stage.answers(alice), ["read 1"]);
});

Deno.test("the sender is shown as the table writes him, and the case of nicks does not matter", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello", { from: "ALICE", to: "BOB" });
  assertEquals(stage.lines(), ["alice: hello"]);
  assertEquals(stage.answers(alice), ["read 1"]);
});

Deno.test("an answer leaves after the message is saved: a killed process has it still", () => {
  const at = { port: 20_000 };
  const stage = new ClientStage(at);
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.says(alice, ID, "hello");
  assertEquals(stage.answers(alice), ["read 1"]);
  stage.restarts(at);
  stage.registered(row(alice));
  stage.lines();
  // The first one meets the new process, and is lost with what its link had for the former one.
  for (let time = 0; time < 2; time++) stage.says(alice, ID, "hello");
  assertEquals([stage.lines(), stage.answers(alice)], [[], ["read 1"]]);
});

// ---- whom they name --------------------------------------------------------------------------------------

Deno.test("a message that names other people is not for us: nothing is shown, pinned or answered", () => {
  const { stage, alice } = met();
  const [own, other] = [stage.nick, "carol"].map((nick) => ({ nick, identity: stage.identity.publicKey }));
  const her = { nick: "alice", identity: alice.identity.publicKey };
  const tag = (serverKey: string, sender: typeof her, recipient: typeof her) =>
    peopleTag(cheapPrimitives, serverKey, sender, recipient);
  const { key } = stage.server;
  const wrong = [
    // Somebody carried it from another server to this one.
    tag("5a".repeat(32), her, own!),
    // Another identity was named for her link key, or for ours.
    tag(key, { ...her, identity: "1d".repeat(32) }, own!),
    tag(key, her, { ...own!, identity: "1d".repeat(32) }),
    tag(key, her, other!),
    tag(key, own!, her),
    "00".repeat(16),
  ];
  for (const [at, people] of wrong.entries()) stage.says(alice, idOf(1 + at), "psst", { people });
  assertEquals([stage.lines(), stage.answers(alice), stage.saved("known_peer")], [[], [], []]);
  stage.says(alice, idOf(9), "hello", { people: tag(key, her, own!) });
  assertEquals(stage.lines(), ["alice: hello"]);
});

Deno.test("a message to another nick is not taken", () => {
  const { stage, alice } = met();
  const asked = stage.questions;
  stage.says(alice, ID, "hello", { to: "carol" });
  assertEquals([stage.lines(), stage.answers(alice), stage.questions], [[], [], asked]);
});

// ---- another place ---------------------------------------------------------------------------------------

Deno.test("of a message for another place that was not seen nobody hears, and the server is asked who we are", () => {
  const { stage, alice } = met();
  const heard = stage.server.heard.length;
  stage.says(alice, ID, "hello", { place: "0b".repeat(8) });
  assertEquals([stage.lines(), stage.answers(alice), stage.saved("known_peer")], [[], [], []]);
  const asked = stage.server.heard.slice(heard).map(({ type }) => type);
  assert(asked.includes("keepAlive") || asked.includes("register"), `${asked}`);
  // It may still come in a letter.
  stage.hands("letter", ID, "alice", letterOf(alice, ID, stage, "hello"));
  assertEquals(stage.lines(), ["alice: hello"]);
});

Deno.test("a message for another place that was seen is answered", () => {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  const verb = several(stage, alice, [1, 2]);
  stage.tells(alice, { ...verb, place: "0b".repeat(8) });
  assertEquals([stage.lines(), stage.answers(alice)], [["alice: hello"], ["read 1", "read 1"]]);
});

Deno.test("any prekey that we still hold names our place", () => {
  const { stage, alice } = met();
  const place = prekeyId(stage.bundle.prekey);
  stage.run(2 * DAY_MS);
  stage.restarts();
  stage.registered(row(alice));
  stage.lines();
  assert(prekeyId(stage.bundle.prekey) !== place);
  stage.says(alice, ID, "hello", { place });
  assertEquals([stage.lines(), stage.answers(alice)], [["alice: hello"], ["read 1"]]);
});

// ---- another identity ------------------------------------------------------------------------------------

/** Bob has heard from Alice; then somebody else has her nick in the table. */
function exchanged(): { stage: ClientStage; alice: Speaker; mallory: Speaker } {
  const { stage, alice } = met();
  stage.says(alice, ID, "hello");
  stage.answers(alice);
  const mallory = stage.peer("alice");
  stage.lines();
  stage.shows(row(mallory));
  assertEquals(stage.lines(), [CHANGED]);
  return { stage, alice, mallory };
}

Deno.test("messages of another identity than the one pinned are refused, and the user is told once", () => {
  const { stage, mallory } = exchanged();
  stage.tells(mallory, several(stage, mallory, [1, 2, 3], "give me your money"));
  stage.shows(row(mallory, { online: false }));
  assertEquals([stage.lines(), stage.answers(mallory)], [[], ["refused 1-3"]]);
});

Deno.test("a message that was refused is read once its identity is trusted", () => {
  const { stage, mallory } = exchanged();
  stage.says(mallory, idOf(2), "I lost my keys");
  stage.acts({ type: "trust", nick: "alice" });
  stage.lines();
  stage.says(mallory, idOf(2), "I lost my keys");
  assertEquals([stage.lines(), stage.answers(mallory)], [["alice: I lost my keys"], ["refused 2", "read 2"]]);
});

Deno.test("the former holder of a nick is a stranger", () => {
  const { stage, alice } = exchanged();
  stage.says(alice, idOf(2), "still me");
  assertEquals([stage.lines(), stage.answers(alice)], [[], []]);
});

// ---- forgotten ids ---------------------------------------------------------------------------------------

Deno.test("a message whose id may have come before the ids of that time were forgotten has an outcome of its own", () => {
  const { stage, alice } = met();
  const odd = Array.from({ length: SEEN_RUNS + 1 }, (_, at) => 3 + 2 * at);
  for (let at = 0; at < odd.length; at += DIRECT_MESSAGES) {
    stage.tells(alice, several(stage, alice, odd.slice(at, at + DIRECT_MESSAGES)));
  }
  stage.lines();
  stage.answers(alice);
  stage.tells(alice, several(stage, alice, [1, 2, 4, 5]));
  assertEquals(stage.lines().length, 1);
  assertEquals(stage.answers(alice).toSorted(), ["forgotten 1-2", "read 4-5"]);
});

// ---- many that are not taken ------------------------------------------------------------------------------

/** A peer says this again and again, 500 times in half a minute, under other ids each time. */
function saysMany(stage: ClientStage, peer: Speaker, changes: Partial<VerbOf<"direct">> = {}): void {
  for (let count = 1; count <= 500; count++) stage.says(peer, idOf(count), "x", changes);
}

const MOST_ANSWERED = UNTAKEN_BURST + 31 * UNTAKEN_PER_SECOND;

Deno.test("of many verbs that are refused few are answered", () => {
  const { stage, alice } = met();
  const mallory = stage.peer("alice");
  stage.says(alice, ID, "hello");
  stage.shows(row(mallory));
  stage.lines();
  saysMany(stage, mallory);
  const answers = stage.answers(mallory);
  assertEquals(stage.lines(), []);
  assertLessOrEqual(answers.length, MOST_ANSWERED);
  assertGreaterOrEqual(answers.length, UNTAKEN_BURST);
  assertEquals(answers.filter((answer) => !answer.startsWith("refused")), []);
});

Deno.test("for many messages that are for another place of ours the server is asked a few times", () => {
  const { stage, alice } = met();
  const before = stage.server.heardOf("keepAlive").length;
  saysMany(stage, alice, { place: "5e".repeat(8) });
  assertEquals([stage.lines(), stage.answers(alice)], [[], []]);
  const asked = stage.server.heardOf("keepAlive").length - before;
  assertLessOrEqual(asked, MOST_ANSWERED);
  assertGreaterOrEqual(asked, UNTAKEN_BURST / 2);
  // What is for this place is taken nevertheless.
  stage.says(alice, ID, "hello");
  assertEquals([stage.lines(), stage.answers(alice)], [["alice: hello"], ["read 1"]]);
});

// ---- strangers -------------------------------------------------------------------------------------------

Deno.test("messages of whom the table does not name wait until the server says who that is", () => {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered();
  stage.lines();
  const asked = stage.questions;
  stage.says(alice, ID, "hello");
  assertEquals([stage.lines(), stage.answers(alice)], [[], []]);
  assertEquals(stage.questions, asked + 1);
  stage.shows(row(alice));
  assertEquals([stage.lines(), stage.answers(alice)], [["alice: hello"], ["read 1"]]);
});

Deno.test("messages from another key than the one in the table are never taken", () => {
  const { stage, alice } = met();
  const mallory = stage.peer("mallory");
  const verb = stage.direct(alice, ID, "hello");
  stage.tells(mallory, verb);
  stage.shows(row(mallory));
  assertEquals([stage.lines(), stage.answers(mallory), stage.answers(alice)], [[], [], []]);
});

Deno.test("1,024 verbs of strangers wait, and of what finds no room nobody hears", () => {
  const stage = new ClientStage({ isAttended: false });
  const alice = stage.peer("alice");
  stage.registered();
  stage.lines();
  for (let count = 1; count <= STRANGERS_VERBS + 1; count++) stage.says(alice, idOf(count), "x");
  stage.shows(row(alice));
  stage.run(2000);
  assertEquals(stage.lines().length, STRANGERS_VERBS);
  assertEquals(stage.answers(alice), [`read 1-${STRANGERS_VERBS}`]);
  // Now there is room again.
  stage.says(alice, idOf(STRANGERS_VERBS + 1), "x");
  assertEquals(stage.answers(alice), [`read ${STRANGERS_VERBS + 1}`]);
});

Deno.test("of the messages of strangers 4 MiB wait, each time", () => {
  const stage = new ClientStage();
  const [alice, carol] = [stage.peer("alice"), stage.peer("carol")];
  stage.registered();
  const text = "x".repeat(64 * 1024);
  const most = Math.floor(STRANGERS_BYTES / (text.length + STRANGER_BYTES));
  for (const peer of [alice, carol]) {
    for (let count = 1; count <= most + 1; count++) {
      stage.says(peer, idOf(count), text);
      stage.run(200);
    }
    stage.says(peer, idOf(most + 2), "");
    stage.shows(row(peer));
    stage.run(10_000);
    assertEquals(stage.answers(peer), [`read 1-${most}`, `read ${most + 2}`]);
  }
});
