/** What the server does with a letter from its deposit to the receipt that its sender notes. It looks into none. */
import { assert, assertEquals } from "@std/assert";
import { OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { ID as SAMPLE_ID, TOP_ID } from "../../kit/samples.ts";
import { Scene, SERVER, type Voice } from "../../kit/scene.ts";

/** The first one of a sender process. */
const ID = SAMPLE_ID.slice(0, 16) + "1".padStart(16, "0");

const TURNS = new WeakMap<Voice, number>();

/** The voice is a member under its name, and begins a new stream. */
function register(scene: Scene, name: string): void {
  const voice = scene.voiceOf(name);
  const turn = (TURNS.get(voice) ?? 0) + 1;
  TURNS.set(voice, turn);
  const bundle = voice.bundle(name);
  scene.say(name, SERVER, { type: "register", nick: name, turn, asked: true, bundle, candidates: [] });
}

/** ann writes, ben reads, eve looks on. */
function members(): { scene: Scene; ann: Voice; ben: Voice; eve: Voice } {
  const scene = new Scene();
  const [ann, ben, eve] = ["ann", "ben", "eve"].map((name) => scene.voice(name));
  for (const name of ["ann", "ben", "eve"]) register(scene, name);
  return { scene, ann: ann!, ben: ben!, eve: eve! };
}

function letter(scene: Scene, edition = 0, id = ID): VerbOf<"deposit"> {
  const envelope = { id, from: "ann", to: "ben" };
  const body = scene.voiceOf("ann").letter(envelope, scene.bundleOf("ben"), "hi", edition);
  return { type: "deposit", ...envelope, body };
}

/** What ben says of ann's letter, as he signs it. */
function receipt(scene: Scene, said: Partial<Omit<Receipt, "signature">> = {}): VerbOf<"receipt"> {
  const about = { id: ID, edition: 0, outcome: "read", ...said } as const;
  const signed = scene.voiceOf("ben").identity.receipt("ben", "ann", about);
  return { type: "receipt", from: "ben", to: "ann", ...signed };
}

/** The verbs of one kind that a voice has heard since this was asked last. */
function heard<Type extends Verb["type"]>(voice: Voice, type: Type): Extract<Verb, { type: Type }>[] {
  return voice.heard.splice(0).filter((verb): verb is Extract<Verb, { type: Type }> => verb.type === type);
}

/** ben has saved all that was handed over to him. */
function save(scene: Scene, letters: readonly VerbOf<"letter">[]): void {
  const { stream, position } = letters.at(-1)!;
  scene.say("ben", SERVER, { type: "saved", nick: "ben", stream, position });
}

Deno.test("a letter is handed over as it was deposited, and its sender hears that it is stored", () => {
  const { scene, ann, ben, eve } = members();
  const deposit = letter(scene);
  scene.say("ann", SERVER, deposit);
  assertEquals(heard(ann, "stored"), [{ type: "stored", id: ID }]);
  const [item, ...more] = heard(ben, "letter");
  assertEquals(more, []);
  const { id, from, body, waited, position } = item!;
  assertEquals([id, from, body, waited, position], [ID, "ann", deposit.body, false, 1]);
  assertEquals(heard(eve, "letter"), []);
});

Deno.test("to have saved it is no receipt: the letter is handed over again, until there is one", () => {
  const { scene, ann, ben } = members();
  scene.say("ann", SERVER, letter(scene));
  const first = heard(ben, "letter");
  ann.heard.length = 0;
  save(scene, first);
  assertEquals(heard(ben, "letter"), []);
  scene.say("ben", SERVER, { type: "keepAlive", nick: "ben" });
  const second = heard(ben, "letter");
  assertEquals(second.map(({ id, position }) => [id, position]), [[ID, 2]]);
  assertEquals(heard(ann, "collected"), []);
  scene.say("ben", SERVER, receipt(scene));
  save(scene, second);
  scene.run(60_000);
  register(scene, "ben");
  assertEquals(heard(ben, "letter"), []);
});

for (const outcome of OUTCOMES.filter((outcome) => outcome !== "released")) {
  Deno.test(`the sender hears what became of it, with the recipient's signature: ${outcome}`, () => {
    const { scene, ann } = members();
    scene.say("ann", SERVER, letter(scene));
    const { id, edition, outcome: _, signature } = receipt(scene, { outcome });
    scene.say("ben", SERVER, receipt(scene, { outcome }));
    const receipts = [{ id, edition, outcome, signature }];
    assertEquals(heard(ann, "collected"), [{ type: "collected", to: "ben", receipts }]);
  });
}

Deno.test("whoever was away hears it at his next registration, until he has noted it", () => {
  const { scene, ann } = members();
  scene.say("ann", SERVER, letter(scene));
  scene.say("ann", SERVER, { type: "leave", nick: "ann", turn: 9 });
  scene.say("ben", SERVER, receipt(scene));
  assertEquals(heard(ann, "collected"), []);
  TURNS.set(ann, 9);
  for (let count = 0; count < 2; count++) {
    register(scene, "ann");
    assertEquals(heard(ann, "collected").map(({ to, receipts }) => [to, receipts.length]), [["ben", 1]]);
  }
  scene.say("ann", SERVER, { type: "noted", nick: "ann", receipts: [{ id: ID, edition: 0 }] });
  register(scene, "ann");
  assertEquals(heard(ann, "collected"), []);
});

Deno.test("a receipt counts for the sealing that waits, from its recipient, and is not the server's own word", () => {
  const { scene, ann, ben } = members();
  scene.say("ann", SERVER, letter(scene, 1));
  ann.heard.length = 0;
  scene.say("ben", SERVER, receipt(scene, { edition: 0 }));
  scene.say("ben", SERVER, receipt(scene, { edition: 0, outcome: "unreadable" }));
  scene.say("ben", SERVER, receipt(scene, { edition: 1, outcome: "released" }));
  scene.say("ben", SERVER, receipt(scene, { edition: 1, id: TOP_ID }));
  scene.say("ben", SERVER, { ...receipt(scene, { edition: 1 }), to: "eve" });
  scene.say("eve", SERVER, { ...receipt(scene, { edition: 1 }), from: "eve" });
  assertEquals(heard(ann, "collected"), []);
  ben.heard.length = 0;
  register(scene, "ben");
  assertEquals(heard(ben, "letter").map(({ id, waited }) => [id, waited]), [[ID, true]]);
  scene.say("ben", SERVER, receipt(scene, { edition: 1 }));
  assertEquals(heard(ann, "collected").length, 1);
});

Deno.test("what was deposited before is not stored twice; once it is collected its sender is told again, then no more", () => {
  const { scene, ann, ben } = members();
  const deposit = letter(scene);
  for (let count = 0; count < 2; count++) {
    scene.say("ann", SERVER, deposit);
    assertEquals(heard(ann, "stored").length, 1);
  }
  assertEquals(heard(ben, "letter").length, 1);
  scene.say("ben", SERVER, receipt(scene));
  assertEquals(heard(ann, "collected").length, 1);
  scene.say("ann", SERVER, deposit);
  const again = ann.heard.splice(0).map(({ type }) => type);
  assertEquals(again, ["collected"]);
  scene.say("ann", SERVER, { type: "noted", nick: "ann", receipts: [{ id: ID, edition: 0 }] });
  scene.say("ann", SERVER, deposit);
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", id: ID, reason: "known" }]);
  assertEquals(heard(ben, "letter"), []);
});

Deno.test("what could not be opened may be deposited again, sealed once more", () => {
  const { scene, ann, ben } = members();
  scene.say("ann", SERVER, letter(scene));
  scene.say("ben", SERVER, receipt(scene, { outcome: "unreadable" }));
  ben.heard.length = 0;
  ann.heard.length = 0;
  const again = letter(scene, 1);
  scene.say("ann", SERVER, again);
  assertEquals(heard(ann, "stored"), [{ type: "stored", id: ID }]);
  assertEquals(heard(ben, "letter").map(({ id, body }) => [id, body]), [[ID, again.body]]);
  scene.say("ben", SERVER, receipt(scene, { edition: 1 }));
  const [collected] = heard(ann, "collected");
  assert(collected !== undefined);
  assertEquals(collected.receipts.map(({ edition, outcome }) => [edition, outcome]), [[1, "read"]]);
});

Deno.test("nobody deposits for a nick that nobody holds", () => {
  const { scene, ann } = members();
  scene.say("ann", SERVER, { ...letter(scene), to: "dan" });
  assertEquals(heard(ann, "rejected"), [{ type: "rejected", id: ID, reason: "unknown" }]);
});
