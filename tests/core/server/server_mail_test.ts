/**
 * What the server does with a letter from its deposit to the receipt that its sender notes. It looks into
 * none.
 */
import { assert, assertEquals } from "@std/assert";
import { HAND_OVER_AGAIN_MS, STREAM_WINDOW } from "../../../core/base/limits.ts";
import { OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import { letterNameOf } from "../../../core/messages/letter_form.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { ID as SAMPLE_ID, idOf, KEY, TOP_ID } from "../../kit/samples.ts";
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
function receipt(
  { ben }: Members,
  { body }: VerbOf<"deposit">,
  said: Partial<Omit<Receipt, "proof">> = {},
): VerbOf<"receipt"> {
  const name = letterNameOf(body);
  const signed = ben.receipt("ben", "ann", { id: ID, ...name, ...said });
  return { type: "receipt", from: "ben", to: "ann", ...signed };
}

/** The name by which ann notes the receipt for a letter, and the server answers its deposit. */
function nameOf({ id, body }: VerbOf<"deposit">): VerbOf<"noted">["receipts"][number] {
  return { id, ...letterNameOf(body) };
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
  assertEquals(heard(ann, "stored"), [{ type: "stored", ...nameOf(deposit) }]);
  const [item, ...more] = heard(ben, "letter");
  assertEquals(more, []);
  const { id, from, body, waited, position } = item!;
  assertEquals([id, from, body, waited, position], [ID, "ann", deposit.body, false, 1]);
  assertEquals(heard(eve, "letter"), []);
});

Deno.test("to have saved it is no receipt: the letter is handed over again, until there is one", () => {
  const all = members();
  const { world, ann, ben } = all;
  const deposit = letter(all);
  ann.tells(world.server, deposit);
  const first = heard(ben, "letter");
  ann.heard.length = 0;
  save(all, first);
  assertEquals(heard(ben, "letter"), []);
  world.runs(HAND_OVER_AGAIN_MS);
  ben.tells(world.server, { type: "keepAlive", nick: "ben" });
  const second = heard(ben, "letter");
  assertEquals(second.map(({ id, position }) => [id, position]), [[ID, 2]]);
  assertEquals(heard(ann, "collected"), []);
  ben.tells(world.server, receipt(all, deposit));
  save(all, second);
  world.runs(60_000);
  ben.registers();
  assertEquals(heard(ben, "letter"), []);
});

for (const outcome of OUTCOMES.filter((outcome) => outcome !== "released")) {
  Deno.test(`the sender hears what became of it, with the recipient's proof: ${outcome}`, () => {
    const all = members();
    const { world, ann, ben } = all;
    const deposit = letter(all);
    ann.tells(world.server, deposit);
    const said = receipt(all, deposit, { outcome });
    ben.tells(world.server, said);
    const { id, edition, ephemeral, proof } = said;
    const receipts = [{ id, edition, ephemeral, outcome, proof }];
    assertEquals(heard(ann, "collected"), [{ type: "collected", to: "ben", receipts }]);
  });
}

Deno.test("letters that waited, and are gone before their turn: the stream begins anew, and says what there is", () => {
  const all = members();
  const { world, ann, ben } = all;
  ben.tells(world.server, { type: "leave", nick: "ben", turn: ++ben.turn });
  const deposits = Array.from(
    { length: STREAM_WINDOW + 3 },
    (_, at) => letter(all, 0, idOf(at + 1, ID.slice(0, 20))),
  );
  for (const deposit of deposits) ann.tells(world.server, deposit);
  ben.heard.length = 0;
  ben.registers();
  const [first] = ben.heardOf("registered");
  assertEquals(first!.waiting, STREAM_WINDOW + 3);
  const letters = heard(ben, "letter");
  assertEquals(letters.length, STREAM_WINDOW);
  // ben has had the last two before.
  for (const deposit of deposits) {
    if (deposit !== deposits.at(-3)) ben.tells(world.server, receipt(all, deposit, { id: deposit.id }));
  }
  save(all, letters);
  assertEquals(ben.heardOf("registered"), []);
  save(all, ben.heardOf("letter"));
  const [again] = ben.heardOf("registered");
  assertEquals([again!.waiting, again!.stream > first!.stream], [1, true]);
  const [rest, ...more] = ben.heardOf("letter").slice(1);
  assertEquals([rest!.stream, rest!.position, rest!.id, more], [again!.stream, 1, deposits.at(-3)!.id, []]);
  save(all, [rest!]);
  assertEquals(ben.heardOf("registered").length, 1);
});

Deno.test("whoever was away hears it at his next registration, until he has noted it", () => {
  const all = members();
  const { world, ann, ben } = all;
  const deposit = letter(all);
  ann.tells(world.server, deposit);
  ann.tells(world.server, { type: "leave", nick: "ann", turn: ++ann.turn });
  ben.tells(world.server, receipt(all, deposit));
  assertEquals(heard(ann, "collected"), []);
  for (let count = 0; count < 2; count++) {
    ann.registers();
    assertEquals(heard(ann, "collected").map(({ to, receipts }) => [to, receipts.length]), [["ben", 1]]);
  }
  ann.tells(world.server, { type: "noted", nick: "ann", receipts: [nameOf(deposit)] });
  ann.registers();
  assertEquals(heard(ann, "collected"), []);
});

Deno.test("a receipt counts for the letter that waits, from its recipient, and is not the server's own word", () => {
  const all = members();
  const { world, ann, ben, eve } = all;
  const deposit = letter(all, 1);
  ann.tells(world.server, deposit);
  ann.heard.length = 0;
  ben.tells(world.server, receipt(all, deposit, { edition: 0 }));
  ben.tells(world.server, receipt(all, deposit, { edition: 0, outcome: "unreadable" }));
  ben.tells(world.server, receipt(all, deposit, { ephemeral: KEY }));
  ben.tells(world.server, receipt(all, letter(all, 1)));
  ben.tells(world.server, receipt(all, deposit, { outcome: "released" }));
  ben.tells(world.server, receipt(all, deposit, { id: TOP_ID }));
  ben.tells(world.server, { ...receipt(all, deposit), to: "eve" });
  eve.tells(world.server, { ...receipt(all, deposit), from: "eve" });
  assertEquals(heard(ann, "collected"), []);
  ben.heard.length = 0;
  ben.registers();
  assertEquals(heard(ben, "letter").map(({ id, waited }) => [id, waited]), [[ID, true]]);
  ben.tells(world.server, receipt(all, deposit));
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
  ben.tells(world.server, receipt(all, deposit));
  assertEquals(heard(ann, "collected").length, 1);
  ann.tells(world.server, deposit);
  const again = ann.heard.splice(0).map(({ type }) => type);
  assertEquals(again, ["collected"]);
  ann.tells(world.server, { type: "noted", nick: "ann", receipts: [nameOf(deposit)] });
  ann.tells(world.server, deposit);
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", ...nameOf(deposit), reason: "known" }]);
  assertEquals(heard(ben, "letter"), []);
});

Deno.test("what could not be opened may be deposited again, sealed once more", () => {
  const all = members();
  const { world, ann, ben } = all;
  const first = letter(all);
  ann.tells(world.server, first);
  ben.tells(world.server, receipt(all, first, { outcome: "unreadable" }));
  ben.heard.length = 0;
  ann.heard.length = 0;
  const again = letter(all, 1);
  ann.tells(world.server, again);
  assertEquals(heard(ann, "stored"), [{ type: "stored", ...nameOf(again) }]);
  assertEquals(heard(ben, "letter").map(({ id, body }) => [id, body]), [[ID, again.body]]);
  ben.tells(world.server, receipt(all, again));
  const [collected] = heard(ann, "collected");
  assert(collected !== undefined);
  assertEquals(collected.receipts.map(({ edition, outcome }) => [edition, outcome]), [[1, "read"]]);
});

Deno.test("a message that its sender has sealed anew takes the place of the letter that waits", () => {
  const all = members();
  const { world, ann, ben } = all;
  const [first, second] = [letter(all), letter(all)];
  ann.tells(world.server, first);
  ann.tells(world.server, second);
  assertEquals(heard(ann, "stored").length, 2);
  assertEquals(heard(ben, "letter").map(({ id, body }) => [id, body]), [[ID, first.body], [ID, second.body]]);
  // The first letter is gone, and what is said of it as well.
  ben.tells(world.server, receipt(all, first));
  assertEquals(heard(ann, "collected"), []);
  ben.registers();
  assertEquals(heard(ben, "letter").map(({ body }) => body), [second.body]);
  ben.tells(world.server, receipt(all, second));
  assertEquals(heard(ann, "collected").map(({ receipts }) => receipts[0]?.ephemeral), [
    letterNameOf(second.body).ephemeral,
  ]);
});

Deno.test("a message that its sender has sealed anew takes the place of the receipt for the former letter", () => {
  const all = members();
  const { world, ann, ben } = all;
  const [first, second] = [letter(all), letter(all)];
  ann.tells(world.server, first);
  ben.tells(world.server, receipt(all, first));
  ann.heard.length = 0;
  ben.heard.length = 0;
  ann.tells(world.server, second);
  assertEquals(ann.heard.splice(0).map(({ type }) => type), ["stored"]);
  assertEquals(heard(ben, "letter").map(({ body }) => body), [second.body]);
  ben.tells(world.server, receipt(all, second));
  ann.registers();
  assertEquals(
    heard(ann, "collected").flatMap(({ receipts }) => receipts.map(({ ephemeral }) => ephemeral)),
    [
      letterNameOf(second.body).ephemeral,
      letterNameOf(second.body).ephemeral,
    ],
  );
});

Deno.test("nobody deposits for a nick that nobody holds", () => {
  const all = members();
  const { world, ann } = all;
  const deposit = letter(all);
  ann.tells(world.server, { ...deposit, to: "dan" });
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", ...nameOf(deposit), reason: "unknown" }]);
});
