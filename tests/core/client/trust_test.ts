/** What a user decides about keys: `trust`, `verify`, `invite`, invitations, and what `peers` shows of it. */
import { assertEquals, assertMatch } from "@std/assert";
import { type Bundle, safetyNumber } from "../../../core/messages/identity.ts";
import { prekeyId } from "../../../core/messages/letter_form.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { ClientStage, row } from "./receiver_scene.ts";

const CHANGED = "[alice has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to alice until you say 'trust alice'.]";
const trusted = ({ author }: Speaker, waited = "") =>
  `[The key that alice has now is trusted${waited}: ${author.bundle.identity}. It is not verified: 'verify alice'.]`;
const DIFFERS = "[The invitation gives another key for alice than the one that is pinned, which stays.]";

/**
 * Bob, who is registered, Alice, whom he knows from the table, and somebody who gets her nick in it later.
 */
function met(): { stage: ClientStage; alice: Speaker; mallory: Speaker } {
  const stage = new ClientStage();
  const [alice, mallory] = [stage.peer("alice"), stage.peer("alice")];
  stage.registered(row(alice));
  stage.lines();
  return { stage, alice, mallory };
}

/** What `peers` says of everybody but the server. */
function peers(stage: ClientStage): string[] {
  stage.lines();
  stage.acts({ type: "listPeers" });
  return stage.lines().slice(1).map((line) => line.replace(/@ \S+ /, ""));
}

function show(stage: ClientStage, nick = "alice"): string[] {
  stage.acts({ type: "verify", nick, digits: undefined });
  return stage.lines();
}

/** Says the last digits of the number that is shown. */
function verify(stage: ClientStage): string[] {
  const [, digits] = / (\d{5})\]$/.exec(show(stage)[0]!)!;
  stage.acts({ type: "verify", nick: "alice", digits });
  return stage.lines();
}

function trust(stage: ClientStage, nick = "alice"): string[] {
  stage.acts({ type: "trust", nick });
  return stage.lines();
}

function send(stage: ClientStage, text: string): string[] {
  stage.acts({ type: "sendDirect", to: "alice", text });
  return stage.lines();
}

/** The prekeys that are named in the direct messages that somebody has heard. */
function prekeysHeard(speaker: Speaker): string[] {
  return speaker.heardOf("direct").map(({ place }) => place);
}

function numberWith({ identity, nick }: ClientStage, other: Bundle): string {
  const own = { nick, identity: identity.publicKey };
  return safetyNumber(primitives, own, { nick: "alice", identity: other.identity });
}

// ---- verify ----------------------------------------------------------------------------------------------

Deno.test("verify shows the safety number that the other one sees as well; its last digits mark for good", () => {
  const { stage, alice } = met();
  assertEquals(peers(stage), ["alice is ONLINE"]);
  const number = numberWith(stage, alice.author.bundle);
  assertEquals(show(stage, "ALICE"), [
    `[Your safety number with alice: ${number}]`,
    "[Read it to each other by other means. If they are the same, say 'verify alice DIGITS' with what alice reads, " +
    "the last five are enough; if not, somebody is between you.]",
  ]);
  assertEquals([peers(stage), stage.saved("known_peer")], [["alice is ONLINE"], []]);
  const digits = number.replaceAll(" ", "");
  for (const wrong of [digits.slice(0, -1), `9${digits.slice(1)}`, "00000", `${digits.slice(-5, -1)}x`]) {
    stage.acts({ type: "verify", nick: "alice", digits: wrong });
    assertEquals(stage.lines(), [
      "[Your safety number with alice does not end so, nothing is marked: compare again with 'verify alice'. " +
      "If alice sees another number, somebody is between you.]",
    ]);
  }
  assertEquals(verify(stage), ["[alice is marked as verified, 'trust alice' takes the mark away.]"]);
  assertEquals(peers(stage), ["alice is ONLINE (verified)"]);
  stage.restarts();
  stage.registered(row(alice, { online: false }));
  assertEquals(peers(stage), ["alice is OFFLINE (verified)"]);
});

Deno.test("verify pins whom nobody has written to", () => {
  const { stage, mallory } = met();
  verify(stage);
  stage.shows(row(mallory));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("who has another identity than before cannot be verified, and does not stay verified", () => {
  const { stage, alice, mallory } = met();
  verify(stage);
  stage.shows(row(mallory));
  stage.lines();
  // The number of the new key is shown, for whoever wants to compare before he trusts it.
  const [number, advice] = verify(stage);
  assertMatch(number!, /^\[Your safety number with alice: (\d{5} ){11}\d{5}\]$/);
  assertMatch(
    advice!,
    /another one than the pinned one\. If alice sees the same number, say 'trust alice'\.\]$/,
  );
  assertEquals(peers(stage), ["alice is ONLINE (another key than the pinned one)"]);
  stage.shows(row(alice));
  assertEquals(peers(stage), ["alice is ONLINE (verified)"]);
});

Deno.test("of who is not in the table nothing can be decided", () => {
  const { stage } = met();
  assertEquals(show(stage, "carol"), ["[Unknown peer: carol]"]);
  assertEquals(trust(stage, "carol"), ["[Unknown peer: carol]"]);
  assertEquals(stage.saved("known_peer"), []);
});

// ---- trust -----------------------------------------------------------------------------------------------

Deno.test("trust takes the mark of whom was verified away, and sends nothing again", () => {
  const { stage, alice } = met();
  verify(stage);
  send(stage, "hello");
  const before = prekeysHeard(alice);
  assertEquals(trust(stage), [trusted(alice)]);
  assertEquals(peers(stage), ["alice is ONLINE"]);
  assertEquals(prekeysHeard(alice), before);
});

Deno.test("nothing is sent to another identity than before until that is trusted", () => {
  const { stage, mallory } = met();
  verify(stage);
  stage.shows(row(mallory));
  stage.lines();
  assertEquals(send(stage, "secret"), [CHANGED]);
  stage.run(10_000);
  assertEquals(prekeysHeard(mallory), []);
  // What was refused does not wait.
  assertEquals(stage.saved("outbox"), []);
  assertEquals(trust(stage), [trusted(mallory)]);
  assertEquals(send(stage, "hello"), []);
  assertEquals(prekeysHeard(mallory), [prekeyId(mallory.author.bundle.prekey)]);
  assertEquals(peers(stage), ["alice is ONLINE"]);
});

Deno.test("what waits when the identity changes goes nowhere, and then to whoever is trusted", () => {
  const { stage, alice, mallory } = met();
  assertEquals(send(stage, "hello"), []);
  assertEquals(prekeysHeard(alice), [prekeyId(alice.author.bundle.prekey)]);
  stage.shows(row(mallory));
  assertEquals(stage.lines(), [CHANGED]);
  stage.server.heard.splice(0);
  stage.run(40_000);
  assertEquals(prekeysHeard(mallory), []);
  assertEquals(stage.server.heard.filter(({ type }) => type === "deposit"), []);
  assertEquals(trust(stage), [trusted(mallory, ", for 1 message that waited as well")]);
  stage.run(100);
  assertEquals(prekeysHeard(mallory), [prekeyId(mallory.author.bundle.prekey)]);
});

Deno.test("whom the user trusts is trusted after a restart as well, unverified", () => {
  const { stage, mallory } = met();
  verify(stage);
  stage.shows(row(mallory));
  trust(stage);
  stage.restarts();
  stage.registered(row(mallory));
  assertEquals(stage.lines(), ["SERVER: [Welcome, you are registered.]"]);
  assertEquals(peers(stage), ["alice is ONLINE"]);
});

Deno.test("once another identity is trusted the former one is another key", () => {
  const { stage, alice, mallory } = met();
  verify(stage);
  stage.shows(row(mallory));
  trust(stage);
  stage.shows(row(alice));
  assertEquals(stage.lines(), [CHANGED]);
  assertEquals(peers(stage), ["alice is ONLINE (another key than the pinned one)"]);
});

// ---- invitations -----------------------------------------------------------------------------------------

Deno.test("an invitation names the server with its key and us with our identity", () => {
  const { stage } = met();
  stage.acts({ type: "invite" });
  const { identity, server } = stage;
  assertEquals(stage.lines(), [
    `parley://the server/?server=${server.key}&peer=bob:${identity.publicKey}`,
  ]);
});

Deno.test("there is no invitation before the server's key is known", () => {
  const stage = new ClientStage({ serverKey: undefined });
  stage.acts({ type: "invite" });
  assertEquals(stage.lines(), ["[Server not responding.]"]);
});

Deno.test("whom an invitation names is pinned, unverified, and anybody else under the nick is another", () => {
  const { alice, mallory } = met();
  const stage = new ClientStage({ invited: [{ nick: "Alice", identity: alice.identity.publicKey }] });
  stage.registered(row(alice));
  assertEquals(stage.lines(), ["SERVER: [Welcome, you are registered.]"]);
  assertEquals(peers(stage), ["alice is ONLINE"]);
  stage.shows(row(mallory));
  assertEquals(stage.lines(), [CHANGED]);
});

Deno.test("an invitation that names another identity than the one pinned is told of, and the pin stays", () => {
  const { stage, alice, mallory } = met();
  verify(stage);
  const named = (peer: Speaker) => ({ invited: [{ nick: "alice", identity: peer.identity.publicKey }] });
  stage.restarts(named(mallory));
  stage.registered(row(alice));
  assertEquals(stage.lines(), [DIFFERS, "SERVER: [Welcome, you are registered.]"]);
  assertEquals(peers(stage), ["alice is ONLINE (verified)"]);
  stage.restarts(named(alice));
  stage.registered(row(alice));
  assertEquals(stage.lines(), ["SERVER: [Welcome, you are registered.]"]);
  assertEquals(peers(stage), ["alice is ONLINE (verified)"]);
});
