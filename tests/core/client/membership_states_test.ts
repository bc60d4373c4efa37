/** Walks the table of a client's membership: every event in every state, also where nothing is to come of it. */
import { assertEquals } from "@std/assert";
import { KEEP_ALIVE_MS, PREKEY_MS, ROWS_AGAIN_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { Attempts } from "../../../core/client/attempts.ts";
import { Membership } from "../../../core/client/membership.ts";
import {
  MEMBERSHIP,
  MEMBERSHIP_EVENTS,
  MEMBERSHIP_STATES,
  type MembershipEvent,
  type MembershipMove,
  type MembershipState,
} from "../../../core/client/membership_states.ts";
import { Prekeys } from "../../../core/client/prekeys.ts";
import { StreamReader } from "../../../core/client/stream_reader.ts";
import { Links } from "../../../core/link/links.ts";
import { Identity, SECRETS_BYTES } from "../../../core/messages/identity.ts";
import type { Verb } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Dice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
import { NICK, SERVER, ServerByHand, START } from "./server_by_hand.ts";

/** For a prekey that is a day old before the first keep-alive is due. */
const SOON_MS = 15_000;

class Case {
  now = START;
  readonly server: ServerByHand;
  readonly membership: Membership;
  /** The news that the rest of the client got since the test looked last. */
  told: string[] = [];
  readonly #recorded = new Recorded();
  readonly #links: Links;

  /** The prekey is a day old so long after the start. */
  constructor(prekeyDueMs: Millis) {
    const { effects } = this.#recorded;
    const dice = new Dice(1);
    // Two bytes are a chance: in the middle, for keep-alives without jitter.
    const random = (count: number) => count === 2 ? Uint8Array.of(128, 0) : dice.bytes(count);
    const identity = new Identity(primitives, random(SECRETS_BYTES));
    this.server = new ServerByHand(dice, identity);
    const links = this.#links = new Links({
      primitives,
      random,
      ownKey: identity.keyPair,
      timestamp: (now) => now,
      name: undefined,
      keepsAlive: true,
    });
    const prekeys = new Prekeys({ primitives, random, effects, identity, nick: NICK });
    prekeys.bundle(START + prekeyDueMs - PREKEY_MS);
    this.membership = new Membership(this.now, {
      effects,
      links,
      attempts: new Attempts(0, () => 0),
      stream: new StreamReader(),
      events: {
        cameOnline: () => void this.told.push("cameOnline"),
        wasRefused: () => void this.told.push("wasRefused"),
        wentOffline: () => void this.told.push("wentOffline"),
        rowsChanged: () => {},
      },
      nick: NICK,
      server: SERVER,
      serverKey: this.server.key,
      primitives,
      prekeys,
      candidates: [],
    });
  }

  /** Lets time go by: what leaves arrives at once, on either side. */
  run(millis: Millis): void {
    const { membership, server } = this;
    const end = this.now + millis;
    for (;;) {
      membership.runTimers(this.now);
      const answers = server.exchange(this.now, this.#links.takeDatagrams(this.now));
      for (const { bytes } of answers) {
        const arrival = this.#links.receive(this.now, SERVER, bytes);
        for (const verb of arrival?.type === "verbs" ? arrival.verbs : []) membership.receive(this.now, verb);
      }
      if (answers.length > 0) continue;
      const next = Math.min(this.#links.deadline, server.deadline, membership.deadline);
      if (next > end) break;
      this.now = Math.max(this.now, next);
    }
    this.now = end;
  }

  says(verb: Verb): void {
    this.server.says(this.now, verb);
    this.run(10);
  }

  /** All that was seen since the test looked last: notices, news for the rest of the client, verbs that left. */
  look(): { notices: string[]; told: string[]; verbs: Verb[] } {
    const seen = {
      notices: this.#recorded.perform(this.now).map(({ type }) => type),
      told: this.told,
      verbs: this.server.heard,
    };
    this.told = [];
    this.server.heard = [];
    return seen;
  }
}

/** How each state is reached from another one. */
const WAYS: Readonly<
  Record<MembershipState, readonly [from: MembershipState | undefined, (it: Case) => void]>
> = {
  offline: ["leaving", (it) => it.says({ type: "deregistered", nick: NICK })],
  registering: [undefined, (it) => it.membership.register(it.now)],
  welcomed: ["registering", (it) => it.says(it.server.registered)],
  retrying: ["welcomed", (it) => it.says({ type: "notRegistered", nick: NICK })],
  online: ["welcomed", (it) => it.says(it.server.rows([it.server.row()]))],
  renewing: ["online", (it) => it.says({ type: "notRegistered", nick: NICK })],
  renewed: ["renewing", (it) => it.says(it.server.registered)],
  leaving: ["online", (it) => it.membership.deregister(it.now)],
  withdrawing: ["renewing", (it) => it.membership.deregister(it.now)],
};

function caseIn(state: MembershipState, prekeyDueMs = PREKEY_MS): Case {
  const [from, go] = WAYS[state];
  const it = from === undefined ? new Case(prekeyDueMs) : caseIn(from, prekeyDueMs);
  go(it);
  it.run(10);
  assertEquals(it.membership.state, state);
  it.look();
  return it;
}

/** In these states rows were asked for just now. They are asked for again, but not before half a second is over. */
const ASKED: readonly MembershipState[] = ["welcomed", "retrying", "renewed"];

const EVENTS: Readonly<Record<MembershipEvent, (it: Case) => void>> = {
  register: (it) => it.membership.register(it.now),
  deregister: (it) => it.membership.deregister(it.now),
  leave: (it) => it.membership.leave(it.now),
  checkIn: (it) => it.membership.checkIn(it.now),
  registered: (it) => it.says(it.server.registered),
  refused: (it) => it.says({ type: "refused", nick: NICK, reason: "other key" }),
  notRegistered: (it) => it.says({ type: "notRegistered", nick: NICK }),
  replaced: (it) => it.says({ type: "replaced", nick: NICK }),
  deregistered: (it) => it.says({ type: "deregistered", nick: NICK }),
  restarted: (it) => it.membership.serverRestarted(it.now, false),
  restartedForUs: (it) => it.membership.serverRestarted(it.now, true),
  behind: (it) => {
    it.server.changes();
    it.says(it.server.alive);
  },
  complete: (it) => it.says(it.server.rows([])),
  countedOut: (it) => {
    const { counter } = it.server.alive.version;
    // A table that is not complete stays so.
    const upTo = ASKED.includes(it.membership.state) ? counter - 1 : counter;
    it.says(it.server.rows([it.server.row({ online: false })], upTo));
  },
  rowsDue: (it) => {
    it.server.changes();
    it.says(it.server.alive);
    it.membership.askForRows(it.now);
    it.run(ROWS_AGAIN_MS - 100);
    it.look();
    it.run(150);
  },
  prekeyDue: (it) => it.run(SOON_MS),
  keepAliveDue: (it) => it.run(KEEP_ALIVE_MS),
};

interface Seen {
  readonly notices?: readonly string[];
  readonly told?: readonly string[];
  readonly verbs?: readonly string[];
}

/** All that is seen of a move, whatever it was made for. */
const SEEN: Readonly<Record<MembershipMove, Seen>> = {
  register: { verbs: ["register"] },
  sendRegister: { verbs: ["register"] },
  welcome: { notices: ["registered"] },
  goOn: {},
  askForRows: { verbs: ["rowsSince"] },
  stopAsking: {},
  comeOnline: { notices: ["tableChanged", "settled"], told: ["cameOnline"] },
  comeBack: { told: ["cameOnline"] },
  showChanges: {},
  sendKeepAlive: { verbs: ["keepAlive"] },
  deregister: { verbs: ["deregister"] },
  sendDeregister: { verbs: ["deregister"] },
  sendLeave: { verbs: ["leave"] },
  endDeregistered: { notices: ["deregistered"], told: ["wentOffline"] },
  endReplaced: { notices: ["replaced"], told: ["wentOffline"] },
  endRefused: { notices: ["nickOfAnotherKey"], told: ["wasRefused", "wentOffline"] },
};

/** All that is to be seen, as the table says. */
function expected(
  state: MembershipState,
  event: MembershipEvent,
): Required<Seen> & { state: MembershipState } {
  const cell = MEMBERSHIP[state][event];
  if (cell === undefined) return { notices: [], told: [], verbs: [], state };
  const [move, behind = state] = cell;
  const { notices = [], told = [], verbs = [] } = SEEN[move];
  const seen = { notices: [...notices], told, verbs: [...verbs], state: behind };
  // A command that waited for the server is over.
  if (behind === "offline" && MEMBERSHIP_STATES[state].standing !== "online") seen.notices.push("settled");
  // The answer to a registration names a newer table here.
  if (event === "registered") seen.verbs.push("rowsSince");
  // The user sees the line that has changed.
  if (event === "countedOut" && state === "online") seen.notices.push("tableChanged");
  if (isAsked(state, event)) seen.verbs = seen.verbs.filter((verb) => verb !== "rowsSince");
  return seen;
}

function isAsked(state: MembershipState, event: MembershipEvent): boolean {
  return ASKED.includes(state) && event !== "rowsDue";
}

const STATES = Object.keys(MEMBERSHIP_STATES) as MembershipState[];

for (const state of STATES) {
  for (const event of Object.keys(MEMBERSHIP_EVENTS) as MembershipEvent[]) {
    const cell = MEMBERSHIP[state][event] ?? ["nothing"];
    Deno.test(`${state}, ${event}: ${cell.join(" -> ")}`, () => {
      const it = caseIn(state, event === "prekeyDue" ? SOON_MS : PREKEY_MS);
      EVENTS[event](it);
      it.run(10);
      const { notices, told, verbs } = it.look();
      const types = verbs.map(({ type }) => type).filter((type) =>
        type !== "rowsSince" || !isAsked(state, event)
      );
      const { state: behind } = it.membership;
      assertEquals({ notices, told, verbs: types, state: behind }, expected(state, event));
      // Only what the user has asked for is worth the server's while when another process has the nick.
      for (const verb of verbs) {
        if (verb.type === "register") assertEquals(verb.asked, behind === "registering");
      }
    });
  }
}

Deno.test("only a state that is registered with the server is taken for that", () => {
  for (const state of STATES) {
    assertEquals(caseIn(state).membership.isRegistered, MEMBERSHIP_STATES[state].isRegistered);
  }
});
