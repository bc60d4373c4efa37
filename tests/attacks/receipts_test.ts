/**
 * Attacks on receipts and answers: one counts only with its recipient's proof, or directly from his link.
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import { RETRY_FIRST_MS } from "../../core/base/limits.ts";
import { NO_KEY, type Outcome, OUTCOMES, type Receipt } from "../../core/messages/identity.ts";
import { letterNameOf, NO_LETTER } from "../../core/messages/letter_form.ts";
import { peopleTag } from "../../core/messages/direct.ts";
import { prefixOf } from "../../core/messages/message_id.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { HostileServer, last } from "../kit/hostile_server.ts";
import { altered } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import { ID, KEY } from "../kit/samples.ts";
import { Arena } from "./arena.ts";

const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
const RELEASED = "[Message to bob failed: the nickname was given up.]";

interface Parts {
  readonly id: string;
  readonly from?: string;
  readonly to?: string;
  readonly edition?: number;
  /** Of the letter; without one it is a letter of version 3. */
  readonly ephemeral?: string;
  readonly outcome?: Outcome;
}

/** What somebody says of a message of alice's to bob, unless told otherwise. */
function receiptOf(
  { identity }: Pick<Person, "identity">,
  { id, from = "bob", to = "alice", edition = 0, ephemeral = NO_KEY, outcome = "read" }: Parts,
): Receipt {
  return identity.receipt(from, to, { id, edition, ephemeral, outcome });
}

/** A receipt whose signature was altered. */
function spoilt(receipt: Receipt): Receipt {
  return { ...receipt, proof: altered(Uint8Array.fromHex(receipt.proof), 63).toHex() };
}

/** Genuine signatures of bob's, of which none is about what is claimed, and signatures of others. */
function forgeries(
  name: { readonly id: string; readonly ephemeral: string },
  bob: Person,
  others: readonly Pick<Person, "identity">[],
): Receipt[] {
  const genuine = receiptOf(bob, name);
  const copied = (parts: Partial<Parts>) => ({
    ...genuine,
    proof: receiptOf(bob, { ...name, ...parts }).proof,
  });
  return [
    { ...genuine, proof: "" },
    // What a mac might be.
    { ...genuine, proof: "00".repeat(32) },
    { ...genuine, proof: genuine.proof.slice(0, 64) },
    spoilt(genuine),
    // For another message, another sealing, as version 3 signed it, with another outcome, to another sender,
    // under another nick.
    copied({ id: ID }),
    copied({ edition: 1 }),
    copied({ ephemeral: KEY }),
    copied({ ephemeral: NO_KEY }),
    { ...genuine, outcome: "unreadable" },
    { ...genuine, outcome: "refused" },
    copied({ to: "carol" }),
    copied({ from: "alice", to: "bob" }),
    // Rightly signed, but about a sealing that there is not.
    receiptOf(bob, { ...name, edition: 1, outcome: "unreadable" }),
    receiptOf(bob, { ...name, ephemeral: KEY, outcome: "unreadable" }),
    receiptOf(bob, { ...name, ephemeral: NO_KEY, outcome: "unreadable" }),
    receiptOf(bob, { ...name, ephemeral: NO_KEY, outcome: "refused" }),
    ...others.map((other) => receiptOf(other, name)),
  ];
}

Deno.test("attack: another member answers somebody's message, in all names and with the right tags: it waits on", () => {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  const mallory = arena.member("mal");
  arena.network.cut(bob.address.host);
  alice.writes("bob", "hi");
  const [id = ""] = alice.outbox;
  const runs = [{ from: 0, to: 2 ** 48 - 1 }];
  const to = { nick: "alice", identity: alice.identity.publicKey };
  for (const from of ["bob", "BOB", "mal", "alice"]) {
    for (const { identity } of [bob, mallory, alice, carol]) {
      const people = peopleTag(
        primitives,
        arena.server.key,
        { nick: from, identity: identity.publicKey },
        to,
      );
      const got = { from, to: "alice", people, prefix: prefixOf(id), runs };
      for (const outcome of OUTCOMES) mallory.says(alice, { type: "got", ...got, outcome });
    }
    // What goes to the server means nothing directly, even if it is genuine and was caught on its way.
    mallory.says(alice, { type: "receipt", from, to: "alice", ...receiptOf(bob, { id }) });
  }
  arena.runs(400);
  alice.sees();
  arena.runs(300);
  assertEquals(alice.looks()[0], "[No ACK from bob, message sent to server.]");
  assertEquals(alice.outbox, [id]);
  arena.network.mend(bob.address.host);
  arena.runs(10_000);
  bob.sees("alice: hi");
  assertEquals([alice.looks().at(-1), alice.outbox], ["[Message received by bob.]", []]);
});

Deno.test("attack: the recipient himself says 'released', directly: that is not his to say", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = arena.member("mal");
  alice.writes("mal", "hi");
  arena.runs(100);
  const [direct] = mallory.heardOf("direct");
  const identityOf = ({ identity }: Pick<Person, "identity">) => identity.publicKey;
  const people = peopleTag(
    primitives,
    arena.server.key,
    { nick: "mal", identity: identityOf(mallory) },
    { nick: "alice", identity: identityOf(alice) },
  );
  const { prefix, messages } = direct!;
  const runs = messages.map(({ sequence }) => ({ from: sequence, to: sequence }));
  const says = (outcome: Outcome) => {
    mallory.says(alice, { type: "got", from: "mal", to: "alice", people, prefix, outcome, runs });
    arena.runs(100);
  };
  says("released");
  // That a letter cannot be opened says nothing of a message that is in the open.
  says("unreadable");
  alice.sees();
  says("read");
  alice.sees("[Message received by mal.]");
});

Deno.test("attack: say what became of a letter that is for somebody else, to the server: it stays", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.deregisters();
  arena.runs(200);
  const date = alice.writes("bob", "hi");
  arena.runs(200);
  const [id = ""] = alice.outbox;
  alice.looks();
  for (const outcome of ["read", "unreadable", "refused", "released"] as const) {
    for (const from of ["bob", "mal"]) {
      const said = receiptOf(mallory, { id, from, outcome });
      mallory.says(arena.server, { type: "receipt", from, to: "alice", ...said });
      mallory.says(arena.server, { type: "noted", nick: from, receipts: [said] });
    }
  }
  arena.runs(1000);
  assertEquals([arena.server.keeps("letter"), arena.server.keeps("receipt")], [1, 0]);
  alice.sees();
  bob.registers();
  arena.runs(1000);
  assertEquals(bob.looks().at(-1), `alice: ${date} hi`);
  alice.sees(
    "[Client table updated.]",
    "SERVER @ 10.0.0.1:9999 is ONLINE",
    alice.online,
    bob.online,
    "mal @ 10.66.6.6:6666 is ONLINE",
    "[bob has collected 1 message.]",
  );
});

Deno.test("attack: a recipient tells the server that he, as the server, has released his nick: nothing happens", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = arena.member("mal");
  mallory.says(arena.server, { type: "leave", nick: "mal", turn: 9 });
  arena.runs(200);
  alice.looks();
  alice.writes("mal", "hi");
  arena.runs(200);
  alice.sees(...STORED);
  const [id = ""] = alice.outbox;
  mallory.says(arena.server, {
    type: "register",
    nick: "mal",
    turn: 10,
    asked: true,
    bundle: mallory.bundle("mal"),
    candidates: [],
    predecessors: [],
  });
  arena.runs(200);
  alice.looks();
  const receipt = receiptOf(mallory, { id, from: "mal", outcome: "released" });
  mallory.says(arena.server, { type: "receipt", from: "mal", to: "alice", ...receipt });
  arena.runs(1000);
  assertEquals(arena.server.keeps("letter"), 1);
  alice.sees();
});

// ---- the server ------------------------------------------------------------------------------------------

/** alice has written to bob by way of a server that means no good. */
function withMail(): {
  arena: Arena;
  alice: Person;
  bob: Person;
  carol: Person;
  server: HostileServer;
  id: string;
  ephemeral: string;
} {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  server.saysAway("bob");
  alice.looks();
  alice.writes("bob", "hi");
  arena.runs(100);
  alice.sees(...STORED);
  const [id = ""] = alice.outbox;
  const { ephemeral } = letterNameOf(last(server.lettersFrom("alice")).body);
  server.heard.length = 0;
  return { arena, alice, bob, carol, server, id, ephemeral };
}

Deno.test("attack: the server says 'collected' with what it has made up or copied: the message waits on, unmarked", () => {
  const { alice, bob, carol, server, id, ephemeral } = withMail();
  const before = alice.state;
  for (const receipt of forgeries({ id, ephemeral }, bob, [carol, alice])) {
    server.tells(alice, { type: "collected", to: "bob", receipts: [receipt] });
  }
  // For a recipient who is not the message's.
  for (const to of ["carol", "alice"]) {
    server.tells(alice, { type: "collected", to, receipts: [receiptOf(bob, { id, ephemeral })] });
    server.tells(alice, {
      type: "collected",
      to,
      receipts: [receiptOf(carol, { id, ephemeral, from: "carol" })],
    });
  }
  alice.sees();
  assertEquals([alice.state, server.heardOf("noted")], [before, []]);
  // The genuine one, and it is the last word.
  server.tells(alice, { type: "collected", to: "bob", receipts: [receiptOf(bob, { id, ephemeral })] });
  server.tells(alice, { type: "alive", version: server.version });
  const receipts = [{ id, edition: 0, ephemeral }];
  assertEquals(server.heardOf("noted"), [{ type: "noted", nick: "alice", receipts }]);
  assertEquals(alice.outbox, []);
});

Deno.test("attack: the server repeats an old receipt once a message was sealed again: it is about the former sealing", () => {
  const { arena, alice, bob, server, id, ephemeral } = withMail();
  const unreadable = receiptOf(bob, { id, ephemeral, outcome: "unreadable" });
  server.tells(alice, { type: "collected", to: "bob", receipts: [unreadable] });
  arena.runs(RETRY_FIRST_MS);
  assertEquals(server.lettersFrom("alice").map(({ body }) => body[0]), [0x41]);
  alice.looks();
  // The same again, and as if it were about the second sealing.
  server.tells(alice, { type: "collected", to: "bob", receipts: [unreadable] });
  server.tells(alice, { type: "collected", to: "bob", receipts: [{ ...unreadable, edition: 1 }] });
  server.tells(alice, { type: "collected", to: "bob", receipts: [receiptOf(bob, { id, ephemeral })] });
  alice.sees();
  const [again] = server.lettersFrom("alice");
  const second = { edition: 1, ephemeral: letterNameOf(again!.body).ephemeral };
  assertNotEquals(second.ephemeral, ephemeral);
  server.tells(alice, { type: "collected", to: "bob", receipts: [{ ...unreadable, ...second }] });
  alice.sees();
  assertEquals([alice.outbox, server.lettersFrom("alice").length], [[id], 1]);
  server.tells(alice, { type: "collected", to: "bob", receipts: [receiptOf(bob, { id, ...second })] });
  assertEquals(alice.outbox, []);
});

Deno.test("what the server may say without a signature is that a nick was given up: the sender hears a failure", () => {
  const { alice, server, id, ephemeral } = withMail();
  const released = { id, edition: 0, ephemeral, outcome: "released", proof: "" } as const;
  // Only of the letter that it has, and to its recipient: what was sealed anew may be for the next owner.
  for (const other of [NO_KEY, KEY]) {
    server.tells(alice, { type: "collected", to: "bob", receipts: [{ ...released, ephemeral: other }] });
  }
  server.tells(alice, { type: "collected", to: "carol", receipts: [released] });
  alice.sees();
  server.tells(alice, { type: "collected", to: "bob", receipts: [released] });
  alice.sees(RELEASED);
});

Deno.test("attack: a peer says what only the server may say of a message: it waits on", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.deregisters();
  arena.runs(200);
  arena.network.cut(arena.server.address.host);
  alice.looks();
  alice.writes("bob", "hi");
  const [id = ""] = alice.outbox;
  const receipts = [receiptOf(bob, { id }), { ...receiptOf(bob, { id }), outcome: "released" } as const];
  const verbs: Verb[] = [
    { type: "stored", id, ...NO_LETTER },
    { type: "rejected", id, ...NO_LETTER, reason: "unknown" },
    { type: "rejected", id, ...NO_LETTER, reason: "known" },
    ...receipts.map((receipt): Verb => ({ type: "collected", to: "bob", receipts: [receipt] })),
  ];
  for (const verb of verbs) mallory.says(alice, verb);
  arena.runs(400);
  alice.sees();
  arena.network.mend(arena.server.address.host);
  arena.runs(2000);
  alice.sees(...STORED);
});
