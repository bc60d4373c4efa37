/** Walks the tables of a client: the life of its process, and what may be done when. */
import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { assertEquals } from "@std/assert";
import type { Action } from "../../../core/action.ts";
import type { Millis } from "../../../core/base/units.ts";
import {
  LIFE,
  LIFE_EVENTS,
  LIFE_STATES,
  type LifeEvent,
  type LifeState,
  type Matter,
  MATTERS,
  type Verdict,
  VERDICTS,
} from "../../../core/client/client_states.ts";
import type { Standing } from "../../../core/client/membership_states.ts";
import { NO_KEY } from "../../../core/messages/identity.ts";
import type { Verb } from "../../../core/messages/verb.ts";
import { depositNameOf, HostileServer } from "../../kit/hostile_server.ts";
import type { Person } from "../../kit/person.ts";
import { ID } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";
import { ServerVerbs } from "./server_verbs.ts";

const NICK = "bob";

/** After so long what was said has been heard, and answered. */
const HEARD_MS = 60;

/** A client whose server and whose peer al, who is away, say what the test wants. */
class Case {
  readonly verbs = new ServerVerbs(NICK);
  readonly server: HostileServer;
  readonly #world = new World();
  readonly #bob: Person;
  readonly #al: Speaker;
  readonly #notices: string[] = [];
  /** How many verbs the test has looked at. */
  #looked = 0;

  constructor() {
    this.server = HostileServer.inThePlaceOfTheServer(this.#world);
    this.server.answers = false;
    this.#al = new Speaker(this.#world, "al");
    this.#bob = this.#world.client(NICK, { attempts: 5, interactive: true });
    this.#bob.onNotice = ({ type }) => this.#notices.push(type);
    this.#bob.opens();
  }

  run(millis: Millis): void {
    this.#world.runs(millis);
  }

  get isOver(): boolean {
    return !this.#bob.isAlive;
  }

  acts(action: Action): void {
    this.#bob.act(action);
    this.run(HEARD_MS);
  }

  says(verb: Verb): void {
    this.server.says(this.#bob, verb);
    this.run(HEARD_MS);
  }

  /** The server lets the client in, and tells it who there is. */
  admits(): void {
    const { address: own, identity } = this.#bob;
    const { address, author } = this.#al;
    const registered = this.server.heardOf("register").at(-1);
    const bundle = registered?.bundle ?? identity.bundle(NICK, this.#bob.key, this.#world.now, 1);
    this.says(this.verbs.registered());
    this.says(this.verbs.rows([
      { nick: NICK, skeleton: NICK, ...bundle, ordinal: 1, online: true, addresses: [own], ...NO_LINEAGE },
      author.row({ ordinal: 2, online: false, addresses: [address] }),
    ]));
  }

  /** A direct message of al's comes. */
  alWrites(text: string): void {
    const { identity } = this.#bob;
    const prekey = this.server.heardOf("register").at(-1)?.bundle.prekey ?? NO_KEY;
    const to = { nick: NICK, identity: identity.publicKey, prekey };
    const verb = this.#al.direct({ to, text, serverKey: this.server.key });
    this.#al.says(this.#bob, verb);
    this.run(HEARD_MS);
  }

  /** All that was seen since the test looked last: notices, verbs for the server (`>`), the end. */
  look(): string[] {
    const verbs = this.server.kindsHeard.slice(this.#looked);
    this.#looked += verbs.length;
    const end = this.isOver ? [`exit ${this.#bob.exitStatus}`] : [];
    return [...this.#notices.splice(0), ...verbs.map((verb) => `> ${verb}`), ...end];
  }
}

/** The five attempts of a command are over, and the client has not ended yet. */
const SILENT_MS = 4_000;

const REGISTER: Action = { type: "register", nick: NICK };
const SEND: Action = { type: "sendDirect", to: "al", text: "x" };

// ---- the life of the process -----------------------------------------------------------------------------

/**
 * How each state is reached. A message waits in all of them but the first, so that the end of the input is
 * not all.
 */
const LIVES: Readonly<Record<LifeState, (it: Case) => void>> = {
  new: () => {},
  starting: (it) => {
    it.acts(REGISTER);
    it.acts(SEND);
  },
  running: (it) => {
    LIVES.starting(it);
    it.admits();
  },
  finishingEarly: (it) => {
    LIVES.starting(it);
    it.acts({ type: "finish" });
  },
  finishing: (it) => {
    LIVES.running(it);
    it.acts({ type: "finish" });
  },
  quitting: (it) => {
    LIVES.running(it);
    it.acts({ type: "quit" });
  },
};

/** A client that is online is to register again, so that there is something to answer. */
function registersAgain(it: Case, state: LifeState): void {
  if (state === "running" || state === "finishing") it.says({ type: "notRegistered", nick: NICK });
  it.look();
}

const EVENTS: Readonly<Record<LifeEvent, (it: Case, state: LifeState) => void>> = {
  action: (it) => it.acts({ type: "listPeers" }),
  leave: (it) => it.acts({ type: "leave" }),
  finish: (it) => it.acts({ type: "finish" }),
  quit: (it) => it.acts({ type: "quit" }),
  cameOnline: (it, state) => {
    registersAgain(it, state);
    it.admits();
  },
  wasRefused: (it, state) => {
    registersAgain(it, state);
    it.says({ type: "refused", nick: NICK, reason: "other key" });
  },
  wentOffline: (it) => it.says({ type: "replaced", nick: NICK }),
  stay: (it) => {
    it.run(SILENT_MS);
    it.look();
    it.acts({ type: "stay" });
  },
  stepOver: (it) => it.run(0),
};

/** All that is seen of each event: notices, verbs for the server (`>`), the end. */
const SEEN: Readonly<Record<LifeState, Readonly<Record<LifeEvent, readonly string[]>>>> = {
  new: {
    action: ["started", "peersListed", "settled"],
    // The first thing that the user asks for is the end.
    leave: ["started", "exiting", "exit 0"],
    finish: ["started", "exiting", "exit 0"],
    quit: ["started", "exiting", "exit 0"],
    cameOnline: [],
    wasRefused: [],
    wentOffline: [],
    stay: [],
    stepOver: [],
  },
  starting: {
    action: [],
    leave: ["notDone", "exiting", "> leave", "exit 0"],
    finish: [],
    quit: [],
    cameOnline: ["registered", "tableChanged", "settled", "mailRead", "> rowsSince", "> deposit"],
    wasRefused: ["nickOfAnotherKey", "youAreOffline", "settled", "settled", "exit 1"],
    wentOffline: ["replaced", "youAreOffline", "settled", "settled"],
    stay: ["staying"],
    stepOver: [],
  },
  running: {
    action: ["peersListed", "settled"],
    leave: ["messagesWait", "exiting", "> leave", "exit 0"],
    finish: [],
    quit: ["> deregister"],
    cameOnline: ["mailRead", "> rowsSince", "> deposit"],
    wasRefused: ["nickOfAnotherKey", "settled"],
    wentOffline: ["replaced", "settled"],
    stay: ["staying"],
    stepOver: [],
  },
  finishingEarly: {
    action: [],
    leave: ["notDone", "exiting", "> leave", "exit 0"],
    finish: [],
    quit: [],
    cameOnline: ["registered", "tableChanged", "settled", "mailRead", "> rowsSince", "> deposit"],
    wasRefused: ["nickOfAnotherKey", "youAreOffline", "settled", "settled", "exit 1"],
    wentOffline: ["replaced", "youAreOffline", "settled", "settled", "exiting", "exit 0"],
    stay: ["staying"],
    stepOver: [],
  },
  finishing: {
    action: ["peersListed", "settled"],
    leave: ["messagesWait", "exiting", "> leave", "exit 0"],
    finish: [],
    quit: ["> deregister"],
    cameOnline: ["mailRead", "> rowsSince", "> deposit"],
    wasRefused: ["nickOfAnotherKey", "settled", "messagesWait", "exiting", "exit 1"],
    wentOffline: ["replaced", "settled", "messagesWait", "exiting", "exit 1"],
    stay: ["staying"],
    stepOver: [],
  },
  quitting: {
    action: [],
    leave: ["messagesWait", "exiting", "> leave", "exit 0"],
    finish: [],
    quit: [],
    cameOnline: [],
    wasRefused: [],
    wentOffline: ["replaced", "settled", "messagesWait", "exiting", "settled", "exit 0"],
    stay: ["staying", "settled", "serverBack", "> register"],
    stepOver: [],
  },
};

/**
 * The state that a case is in, by what it does next. It is made anew for each question, since an answer
 * changes it.
 */
function lifeOf(make: () => Case): LifeState | "over" {
  const whatIf = (does: (it: Case) => void): string[] => {
    const it = make();
    it.look();
    does(it);
    return it.look();
  };
  if (make().isOver) return "over";
  const tries = whatIf((it) => it.acts({ type: "sendChannel", text: "x" }));
  if (tries.includes("started")) return "new";
  const registers = (it: Case) => tries.includes("youAreOffline") && it.acts(REGISTER);
  const replaced = whatIf((it) => {
    registers(it);
    it.says({ type: "replaced", nick: NICK });
  });
  const refused = whatIf((it) => {
    registers(it);
    it.says({ type: "notRegistered", nick: NICK });
    it.says({ type: "refused", nick: NICK, reason: "full" });
  });
  if (refused.includes("deregistered")) return "quitting";
  const isFinishing = replaced.some(isEnd);
  const fails = refused.includes("exit 1") && !refused.includes("exiting");
  if (fails) return isFinishing ? "finishingEarly" : "starting";
  return isFinishing ? "finishing" : "running";
}

function isEnd(seen: string): boolean {
  return seen.startsWith("exit ");
}

for (const state of Object.keys(LIFE_STATES) as LifeState[]) {
  for (const event of Object.keys(LIFE_EVENTS) as LifeEvent[]) {
    const cell = LIFE[state][event];
    Deno.test(`${state}, ${event}: ${cell?.join(" -> ") ?? "nothing"}`, () => {
      const make = () => {
        const it = new Case();
        LIVES[state](it);
        it.look();
        EVENTS[event](it, state);
        return it;
      };
      const seen = make().look();
      assertEquals(seen, SEEN[state][event]);
      if (seen.some(isEnd)) return assertEquals(lifeOf(make), "over");
      // A client that is not online puts it off, and answers each further question with the end.
      if (event === "quit" && cell === undefined) return;
      assertEquals(lifeOf(make), cell?.[1] ?? state);
    });
  }
}

Deno.test("an input that has ended, and nothing is under way any more: the process ends", () => {
  const it = new Case();
  LIVES.finishing(it);
  const deposit = it.server.heardOf("deposit").at(-1)!;
  it.look();
  it.says({ type: "stored", ...depositNameOf(deposit) });
  assertEquals(it.look(), ["stored", "settled", "exiting", "> leave", "exit 0"]);
});

// ---- what may be done when -------------------------------------------------------------------------------

/** How each standing is reached, by a client that knows its peers. */
const STANDINGS: Readonly<Record<Standing, (it: Case) => void>> = {
  online: (it) => {
    it.acts(REGISTER);
    it.admits();
  },
  leaving: (it) => {
    STANDINGS.online(it);
    it.acts({ type: "deregister", nick: NICK });
  },
  offline: (it) => {
    STANDINGS.leaving(it);
    it.says({ type: "deregistered", nick: NICK });
  },
  registering: (it) => {
    STANDINGS.offline(it);
    it.acts(REGISTER);
  },
};

/** A letter that cannot be opened; the user is told of it all the same. */
/** It does not open. */
const LETTER = { id: ID, from: "al", body: new Uint8Array(300) } as const;

/** How each matter comes up, and what is seen when it is done. */
const COMES_UP: Readonly<Record<Matter, readonly [does: (it: Case) => void, done: readonly string[]]>> = {
  register: [(it) => it.acts(REGISTER), ["> register"]],
  registerOther: [(it) => it.acts({ type: "register", nick: "zoe" }), []],
  deregister: [(it) => it.acts({ type: "deregister", nick: NICK }), ["> deregister"]],
  deregisterOther: [(it) => it.acts({ type: "deregister", nick: "zoe" }), []],
  quit: [(it) => it.acts({ type: "quit" }), ["> deregister"]],
  listPeers: [(it) => it.acts({ type: "listPeers" }), ["peersListed", "settled"]],
  trust: [(it) => it.acts({ type: "trust", nick: "al" }), ["trusted", "settled"]],
  verify: [(it) => it.acts({ type: "verify", nick: "al", digits: undefined }), ["safetyNumber", "settled"]],
  invite: [(it) => it.acts({ type: "invite" }), ["invite", "settled"]],
  sendDirect: [(it) => it.acts(SEND), ["> deposit"]],
  sendChannel: [(it) => it.acts({ type: "sendChannel", text: "x" }), ["> post"]],
  end: [(it) => it.acts({ type: "finish" }), ["exiting", "> leave", "exit 0"]],
  peerVerb: [(it) => it.alWrites("psst"), ["directReceived"]],
  streamItem: [
    (it) => it.says({ type: "letter", stream: it.verbs.stream, position: 1, waited: false, ...LETTER }),
    ["unreadable", "> receipt", "> saved"],
  ],
};

function seenOf(verdict: Verdict, matter: Matter): readonly string[] {
  if (verdict === "do") return COMES_UP[matter][1];
  if (verdict === "wait" || verdict === "ignore") return [];
  if (verdict === "leave") return ["exiting", "exit 0"];
  return [verdict, "settled"];
}

for (const standing of Object.keys(VERDICTS) as Standing[]) {
  for (const matter of Object.keys(MATTERS) as Matter[]) {
    const verdict = VERDICTS[standing][matter];
    Deno.test(`${standing}, ${matter}: ${verdict}`, () => {
      const it = new Case();
      STANDINGS[standing](it);
      it.look();
      const [does] = COMES_UP[matter];
      does(it);
      assertEquals(it.look(), seenOf(verdict, matter));
    });
  }
}

const WAITING = (Object.keys(MATTERS) as Matter[]).filter((matter) =>
  VERDICTS.registering[matter] === "wait"
);

for (const matter of WAITING) {
  Deno.test(`registering, ${matter}, then online: ${VERDICTS.online[matter]}`, () => {
    const it = new Case();
    STANDINGS.registering(it);
    const admission = it.verbs.registered();
    COMES_UP[matter][0](it);
    it.look();
    it.says(admission);
    it.says(it.verbs.rows([]));
    const seen = it.look().filter((one) => one !== "> rowsSince" && one !== "mailRead");
    assertEquals(seen.slice(0, 3), ["registered", "tableChanged", "settled"]);
    assertEquals(seen.slice(3), seenOf(VERDICTS.online[matter], matter));
  });

  Deno.test(`leaving, ${matter}, then offline: ${VERDICTS.offline[matter]}`, () => {
    const it = new Case();
    STANDINGS.leaving(it);
    COMES_UP[matter][0](it);
    it.look();
    it.says({ type: "deregistered", nick: NICK });
    const [first, ...seen] = it.look();
    assertEquals(first, "deregistered");
    // What waited comes before the end of the deregistration.
    assertEquals(seen.toSorted(), [...seenOf(VERDICTS.offline[matter], matter), "settled"].toSorted());
  });
}
