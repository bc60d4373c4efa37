/**
 * What the server does with a letter from its deposit to the receipt that its sender notes. It looks into
 * none.
 */
import { assert, assertEquals } from "@std/assert";
import { OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { ID as SAMPLE_ID, TOP_ID } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";

/** The first one of a sender process. */
const ID = SAMPLE_ID.slice(0, 20) + "1".padStart(12, "0");

/** ann writes, ben reads, eve looks on. */
interface Members {
  readonly world: World;
  readonly ann: Speaker;
  readonly ben: Speaker;
  readonly eve: Speaker;
}

function members(): Members {
  const world = new World();
  const [ann, ben, eve] = ["ann", "ben", "eve"].map((nick, at) => {
    const member = new Speaker(world, nick, { address: { host: `10.66.6.${at}`, port: 6666 } });
    member.registers();
    return member;
  });
  return { world, ann: ann!, ben: ben!, eve: eve! };
}

function letter({ world, ann }: Members, edition = 0, id = ID): VerbOf<"deposit"> {
  const envelope = { id, from: "ann", to: "ben" };
  const recipient = world.server.bundleOf("ben");
  const body = ann.letter({ ...envelope, text: "hi", recipient, edition });
  return { type: "deposit", ...envelope, body };
}

/** What ben says of ann's letter, as he signs it. */
function receipt({ ben }: Members, said: Partial<Omit<Receipt, "signature">> = {}): VerbOf<"receipt"> {
  return { type: "receipt", from: "ben", to: "ann", ...ben.receipt("ben", "ann", { id: ID, ...said }) };
}

/** The verbs of one kind that a member has heard since this was asked last. */
function heard<Type extends Verb["type"]>(member: Speaker, type: Type): Extract<Verb, { type: Type }>[] {
  return member.heard.splice(0).filter((verb): verb is Extract<Verb, { type: Type }> => verb.type === type);
}

/** ben has saved all that was handed over to him. */
function save({ world, ben }: Members, letters: readonly VerbOf<"letter">[]): void {
  const { stream, position } = letters.at(-1)!;
  ben.tells(world.server, { type: "saved", nick: "ben", stream, position });
}

Deno.test("a letter is handed over as it was deposited, and its sender hears that it is stored", () => {
  const all = members();
  const { world, ann, ben, eve } = all;
  const deposit = letter(all);
  ann.tells(world.server, deposit);
  assertEquals(heard(ann, "stored"), [{ type: "stored", id: ID }]);
  const [item, ...more] = heard(ben, "letter");
  assertEquals(more, []);
  const { id, from, body, waited, position } = item!;
  assertEquals([id, from, body, waited, position], [ID, "ann", deposit.body, false, 1]);
  assertEquals(heard(eve, "letter"), []);
});

Deno.test("to have saved it is no receipt: the letter is handed over again, until there is one", () => {
  const all = members();
  const { world, ann, ben } = all;
  ann.tells(world.server, letter(all));
  const first = heard(ben, "letter");
  ann.heard.length = 0;
  save(all, first);
  assertEquals(heard(ben, "letter"), []);
  ben.tells(world.server, { type: "keepAlive", nick: "ben" });
  const second = heard(ben, "letter");
  assertEquals(second.map(({ id, position }) => [id, position]), [[ID, 2]]);
  assertEquals(heard(ann, "collected"), []);
  ben.tells(world.server, receipt(all));
  save(all, second);
  world.runs(60_000);
  ben.registers();
  assertEquals(heard(ben, "letter"), []);
});

for (const outcome of OUTCOMES.filter((outcome) => outcome !== "released")) {
  Deno.test(`the sender hears what became of it, with the recipient's signature: ${outcome}`, () => {
    const all = members();
    const { world, ann, ben } = all;
    ann.tells(world.server, letter(all));
    const { id, edition, outcome: _, signature } = receipt(all, { outcome });
    ben.tells(world.server, receipt(all, { outcome }));
    const receipts = [{ id, edition, outcome, signature }];
    assertEquals(heard(ann, "collected"), [{ type: "collected", to: "ben", receipts }]);
  });
}

Deno.test("whoever was away hears it at his next registration, until he has noted it", () => {
  const all = members();
  const { world, ann, ben } = all;
  ann.tells(world.server, letter(all));
  ann.tells(world.server, { type: "leave", nick: "ann", turn: ++ann.turn });
  ben.tells(world.server, receipt(all));
  assertEquals(heard(ann, "collected"), []);
  for (let count = 0; count < 2; count++) {
    ann.registers();
    assertEquals(heard(ann, "collected").map(({ to, receipts }) => [to, receipts.length]), [["ben", 1]]);
  }
  ann.tells(world.server, { type: "noted", nick: "ann", receipts: [{ id: ID, edition: 0 }] });
  ann.registers();
  assertEquals(heard(ann, "collected"), []);
});

Deno.test("a receipt counts for the sealing that waits, from its recipient, and is not the server's own word", () => {
  const all = members();
  const { world, ann, ben, eve } = all;
  ann.tells(world.server, letter(all, 1));
  ann.heard.length = 0;
  ben.tells(world.server, receipt(all, { edition: 0 }));
  ben.tells(world.server, receipt(all, { edition: 0, outcome: "unreadable" }));
  ben.tells(world.server, receipt(all, { edition: 1, outcome: "released" }));
  ben.tells(world.server, receipt(all, { edition: 1, id: TOP_ID }));
  ben.tells(world.server, { ...receipt(all, { edition: 1 }), to: "eve" });
  eve.tells(world.server, { ...receipt(all, { edition: 1 }), from: "eve" });
  assertEquals(heard(ann, "collected"), []);
  ben.heard.length = 0;
  ben.registers();
  assertEquals(heard(ben, "letter").map(({ id, waited }) => [id, waited]), [[ID, true]]);
  ben.tells(world.server, receipt(all, { edition: 1 }));
  assertEquals(heard(ann, "collected").length, 1);
});

Deno.test("what was deposited before is not stored twice; once it is collected its sender is told again, then no more", () => {
  const all = members();
  const { world, ann, ben } = all;
  const deposit = letter(all);
  for (let count = 0; count < 2; count++) {
    ann.tells(world.server, deposit);
    assertEquals(heard(ann, "stored").length, 1);
  }
  assertEquals(heard(ben, "letter").length, 1);
  ben.tells(world.server, receipt(all));
  assertEquals(heard(ann, "collected").length, 1);
  ann.tells(world.server, deposit);
  const again = ann.heard.splice(0).map(({ type }) => type);
  assertEquals(again, ["collected"]);
  ann.tells(world.server, { type: "noted", nick: "ann", receipts: [{ id: ID, edition: 0 }] });
  ann.tells(world.server, deposit);
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", id: ID, reason: "known" }]);
  assertEquals(heard(ben, "letter"), []);
});

Deno.test("what could not be opened may be deposited again, sealed once more", () => {
  const all = members();
  const { world, ann, ben } = all;
  ann.tells(world.server, letter(all));
  ben.tells(world.server, receipt(all, { outcome: "unreadable" }));
  ben.heard.length = 0;
  ann.heard.length = 0;
  const again = letter(all, 1);
  ann.tells(world.server, again);
  assertEquals(heard(ann, "stored"), [{ type: "stored", id: ID }]);
  assertEquals(heard(ben, "letter").map(({ id, body }) => [id, body]), [[ID, again.body]]);
  ben.tells(world.server, receipt(all, { edition: 1 }));
  const [collected] = heard(ann, "collected");
  assert(collected !== undefined);
  assertEquals(collected.receipts.map(({ edition, outcome }) => [edition, outcome]), [[1, "read"]]);
});

Deno.test("nobody deposits for a nick that nobody holds", () => {
  const all = members();
  const { world, ann } = all;
  ann.tells(world.server, { ...letter(all), to: "dan" });
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", id: ID, reason: "unknown" }]);
});
