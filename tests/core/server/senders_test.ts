/**
 * A client that only sends: it may write for its nick, and nothing else. It is nobody's presence, and takes
 * nobody's mail.
 */
import { assertEquals } from "@std/assert";
import { SILENCE_MS } from "../../../core/base/limits.ts";
import { letterNameOf } from "../../../core/messages/letter_form.ts";
import { NO_VERSION } from "../../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { ID, idOf, NO_LIMITS } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";

const SECRETS = new Uint8Array(64).fill(7);

interface Members {
  readonly world: World;
  /** The holder of the nick, who has been there. */
  readonly ann: Speaker;
  /** The same identity, over links of another key. */
  readonly script: Speaker;
  readonly ben: Speaker;
}

let scripts = 0;

function scriptOf(world: World): Speaker {
  const address = { host: "10.66.6.9", port: 7000 + ++scripts };
  return new Speaker(world, "ann", {
    secrets: SECRETS,
    // Its prekey is another one than that of the holder, so its bundle has to be newer.
    counter: 2,
    ownKey: world.primitives.keyPair(world.random(32)),
    address,
  });
}

function members({ annIsOnline = false } = {}): Members {
  const world = new World();
  const ann = new Speaker(world, "ann", { secrets: SECRETS, address: { host: "10.66.6.1", port: 6666 } });
  const ben = new Speaker(world, "ben", { address: { host: "10.66.6.2", port: 6666 } });
  ann.registers();
  ben.registers();
  if (!annIsOnline) ann.tells(world.server, { type: "leave", nick: "ann", turn: ++ann.turn });
  world.runs(1000);
  for (const one of [ann, ben]) one.heard.length = 0;
  world.everybodyLooks();
  return { world, ann, ben, script: scriptOf(world) };
}

function deposit({ world, script }: Members, id = ID): Verb {
  const envelope = { id, from: "ann", to: "ben" };
  const body = script.letter({ ...envelope, text: "hi", recipient: world.server.bundleOf("ben") });
  return { type: "deposit", ...envelope, body };
}

/** ben receipts the letter that he got. Returns the name of that receipt. */
function readBy({ world, ben }: Members): VerbOf<"noted">["receipts"][number] {
  const { id, body } = ben.heardOf("letter").at(-1)!;
  const name = { id, ...letterNameOf(body) };
  ben.tells(world.server, { type: "receipt", from: "ben", to: "ann", ...ben.receipt("ben", "ann", name) });
  return name;
}

Deno.test("it is let in, and no row changes: nobody is told", () => {
  const { world, script, ben } = members();
  const before = world.server.state;
  script.registersToSend();
  world.runs(1000);
  const [answer, ...more] = script.heard;
  assertEquals([answer?.type, more], ["registered", []]);
  assertEquals([world.server.state, ben.heard], [before, []]);
  assertEquals(world.server.looks(), [`ann registered only to send at 10.66.6.9:${script.address.port}`]);
});

Deno.test("its bundle does not replace the one in the row", () => {
  const { world, ann, script } = members();
  const other = ann.identity.bundle("ann", "11".repeat(32), world.now, 2);
  script.registersToSend({ bundle: other });
  assertEquals(script.kindsHeard, ["registered"]);
  assertEquals(world.server.bundleOf("ann"), ann.bundle());
});

Deno.test("it may ask for rows, deposit, post, keep alive, note and leave, and hears what became of its letters", () => {
  const all = members();
  const { world, script, ben } = all;
  script.registersToSend();
  script.heard.length = 0;
  const tells = (verb: Verb) => {
    script.tells(world.server, verb);
    return script.heard.splice(0).map(({ type }) => type);
  };
  assertEquals(tells({ type: "rowsSince", nick: "ann", version: NO_VERSION }), ["rows"]);
  assertEquals(tells({ type: "keepAlive", nick: "ann" }), ["alive"]);
  assertEquals(tells(deposit(all)), ["stored"]);
  assertEquals(ben.heardOf("letter").map(({ id, from }) => [id, from]), [[ID, "ann"]]);
  assertEquals(tells({ type: "deposit", id: idOf(2), from: "ann", to: "zoe", body: new Uint8Array(300) }), [
    "rejected",
  ]);
  const post = script.post({ id: idOf(3), text: "to all" });
  assertEquals(tells({ type: "post", id: idOf(3), from: "ann", body: post }), ["stored"]);
  const name = readBy(all);
  assertEquals(script.heard.splice(0).map(({ type }) => type), ["collected"]);
  assertEquals(world.server.keeps("receipt"), 1);
  assertEquals(
    tells({ type: "noted", nick: "ann", receipts: [name] }),
    [],
  );
  assertEquals(world.server.keeps("receipt"), 0);
  assertEquals(tells({ type: "leave", nick: "ann", turn: ++script.turn }), []);
  assertEquals(tells({ type: "keepAlive", nick: "ann" }), ["notRegistered"]);
});

Deno.test("what was collected while nobody was there it is told at once", () => {
  const all = members();
  const { world, script } = all;
  script.registersToSend();
  script.tells(world.server, deposit(all));
  script.tells(world.server, { type: "leave", nick: "ann", turn: ++script.turn });
  readBy(all);
  const next = scriptOf(world);
  next.registersToSend();
  assertEquals(next.kindsHeard, ["registered", "collected"]);
});

Deno.test("mail and channel messages for its nick stay where they are, what waits and what comes", () => {
  const { world, ann, script, ben } = members();
  const write = (number: number) => {
    const envelope = { id: idOf(number), from: "ben", to: "ann" };
    const body = ben.letter({ ...envelope, text: "hi", recipient: world.server.bundleOf("ann") });
    ben.tells(world.server, { type: "deposit", ...envelope, body });
    const id = idOf(number + 10);
    ben.tells(world.server, { type: "post", id, from: "ben", body: ben.post({ id, text: "to all" }) });
  };
  write(1);
  script.registersToSend();
  write(2);
  script.tells(world.server, { type: "keepAlive", nick: "ann" });
  world.runs(10_000);
  assertEquals([...new Set(script.kindsHeard)], ["registered", "alive"]);
  const [{ waiting, dropped }] = script.heardOf("registered") as [
    ReturnType<typeof script.heardOf<"registered">>[0],
  ];
  assertEquals([waiting, dropped], [0, 0]);
  ann.registers();
  assertEquals(ann.heard.flatMap((verb) => "body" in verb ? [verb.type] : []), [
    "letter",
    "channel",
    "letter",
    "channel",
  ]);
});

for (const type of ["saved", "receipt", "deregister"] as const) {
  Deno.test(`what it says of ${type} counts for nothing`, () => {
    const { world, ann, script, ben } = members();
    const envelope = { id: ID, from: "ben", to: "ann" };
    const body = ben.letter({ ...envelope, text: "hi", recipient: world.server.bundleOf("ann") });
    ben.tells(world.server, { type: "deposit", ...envelope, body });
    script.registersToSend();
    script.heard.length = 0;
    ben.heard.length = 0;
    const before = world.server.state;
    const receipt = script.receipt("ann", "ben", { id: ID });
    script.tells(
      world.server,
      type === "saved"
        ? { type, nick: "ann", stream: world.now, position: 1 }
        : type === "receipt"
        ? { type, from: "ann", to: "ben", ...receipt }
        : { type, nick: "ann", turn: ++script.turn },
    );
    assertEquals([script.heard, ben.heard, world.server.state], [[], [], before]);
    ann.registers();
    assertEquals(ann.heardOf("letter").map(({ id }) => id), [ID]);
  });
}

Deno.test("a new nick gets its row once, offline, and it stays so when it comes again", () => {
  const { world, script, ben } = members();
  const zoe = new Speaker(world, "zoe", {
    address: { host: "10.66.6.3", port: 1 },
    ownKey: world.primitives.keyPair(world.random(32)),
  });
  zoe.registersToSend();
  world.runs(1000);
  const rows = ben.heardOf("rows").flatMap((verb) => verb.rows);
  assertEquals(rows.map(({ nick, online, addresses }) => [nick, online, addresses]), [["zoe", false, [
    zoe.address,
  ]]]);
  assertEquals(world.server.bundleOf("zoe"), zoe.bundle());
  const before = world.server.state;
  ben.heard.length = 0;
  zoe.registersToSend();
  world.runs(1000);
  assertEquals([ben.heard, world.server.state], [[], before]);
  assertEquals(script.heard, []);
});

Deno.test("new nicks count as those of others do", () => {
  const world = new World({ server: { limits: { ...NO_LIMITS, newNicksPerHour: 1 } } });
  const speaker = new Speaker(world, "a", { ownKey: world.primitives.keyPair(world.random(32)) });
  for (const nick of ["a", "b", "a"]) speaker.registersToSend({ nick, bundle: speaker.bundle(nick) });
  assertEquals(speaker.heard.map((verb) => verb.type === "refused" ? verb.reason : verb.type), [
    "registered",
    "rate",
    "registered",
  ]);
});

Deno.test("while the holder is online it is refused, and displaces nobody", () => {
  const { world, ann, script, ben } = members({ annIsOnline: true });
  const before = world.server.state;
  script.registersToSend();
  assertEquals(script.heard, [{ type: "refused", nick: "ann", reason: "online" }]);
  world.runs(1000);
  ann.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals([ann.kindsHeard, ben.heard, world.server.state], [["alive"], [], before]);
  assertEquals(world.server.looks(), []);
});

Deno.test("nor does the first packet of another process that says anything else", () => {
  const { world, ann, script, ben } = members({ annIsOnline: true });
  script.tells(world.server, { type: "keepAlive", nick: "ann" });
  script.tells(world.server, { type: "leave", nick: "ann", turn: 1 });
  assertEquals(script.kindsHeard, ["notRegistered"]);
  world.runs(5000);
  ann.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals([ann.kindsHeard, ben.heard], [["alive"], []]);
});

Deno.test("an ordinary registration ends it", () => {
  const { world, ann, script } = members();
  script.registersToSend();
  script.heard.length = 0;
  ann.registers();
  script.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals(script.kindsHeard, ["replaced", "notRegistered"]);
  ann.heard.length = 0;
  ann.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals(ann.kindsHeard, ["alive"]);
});

Deno.test("a second one ends the first", () => {
  const { world, script } = members();
  const second = scriptOf(world);
  script.registersToSend();
  second.registersToSend();
  script.heard.length = second.heard.length = 0;
  script.tells(world.server, { type: "keepAlive", nick: "ann" });
  second.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals([script.kindsHeard, second.kindsHeard], [["notRegistered"], ["alive"]]);
});

Deno.test("one that is silent is forgotten, and no row changes with it", () => {
  const { world, script, ben } = members();
  script.registersToSend();
  const before = world.server.state;
  world.cut(script);
  for (let waited = 0; waited <= SILENCE_MS; waited += 25_000) {
    ben.tells(world.server, { type: "keepAlive", nick: "ben" });
    world.runs(25_000);
  }
  world.mend(script);
  script.heard.length = 0;
  script.tells(world.server, { type: "keepAlive", nick: "ann" });
  assertEquals([script.kindsHeard, ben.heardOf("rows"), world.server.state], [["notRegistered"], [], before]);
});
