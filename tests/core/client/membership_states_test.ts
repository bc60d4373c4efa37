/**
 * Walks the table of a client's membership: every event in every state, also where nothing is to come of it.
 */
import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { assertEquals } from "@std/assert";
import { KEEP_ALIVE_MS, PREKEY_MS, ROWS_AGAIN_MS } from "../../../core/base/limits.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { Attempts } from "../../../core/client/attempts.ts";
import { Chronicle } from "../../../core/client/chronicle.ts";
import { KnownPeers } from "../../../core/client/known_peers.ts";
import { LookAlikes } from "../../../core/client/look_alikes.ts";
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
import type { Link } from "../../../core/link/links.ts";
import type { Bundle } from "../../../core/messages/identity.ts";
import { type Row, Table } from "../../../core/messages/table.ts";
import type { Verb } from "../../../core/messages/verb.ts";
import { HostileServer } from "../../kit/hostile_server.ts";
import { Recorded, trueClock } from "../../kit/recorded.ts";
import { Speaker } from "../../kit/speaker.ts";
import { SERVER, START } from "../../kit/surroundings.ts";
import { World } from "../../kit/world.ts";
import { ServerVerbs } from "./server_verbs.ts";

const NICK = "bob";
const OWN: Address = { host: "10.0.0.2", port: 3000 };

/** For a prekey that is a day old before the first keep-alive is due. */
const SOON_MS = 15_000;

/** A membership, and links that carry what it says. */
class Member extends Speaker {
  readonly membership: Membership;
  /** The news that the rest of the client got since the test looked last. */
  readonly told: string[] = [];
  readonly recorded = new Recorded();

  /** The prekey is a day old so long after the start. */
  constructor(world: World, prekeyDueMs: Millis) {
    // Two bytes are a chance: in the middle, for keep-alives without jitter.
    const random = (count: number) => count === 2 ? Uint8Array.of(128, 0) : world.random(count);
    super(world, NICK, { address: OWN, random });
    const { effects } = this.recorded;
    const { identity, links } = this;
    const { primitives } = world;
    const prekeys = new Prekeys({ primitives, random, effects, identity, nick: NICK });
    prekeys.bundle(START + prekeyDueMs - PREKEY_MS);
    const table = new Table();
    this.membership = new Membership(world.now, {
      table,
      chronicle: new Chronicle(effects, trueClock(), NICK),
      lookAlikes: new LookAlikes(table, new KnownPeers(effects)),
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
      serverKey: world.server.key,
      primitives,
      identity,
      prekeys,
      candidates: [],
      voucher: undefined,
    });
  }

  protected override onVerb(_link: Link, verb: Verb): void {
    this.membership.receive(this.home.now, verb);
  }

  override wakesUp(): void {
    this.membership.runTimers(this.home.now);
    super.wakesUp();
  }
}

/** Timers are at most so late. */
const STEP_MS = 10;

class Case {
  readonly verbs = new ServerVerbs(NICK);
  readonly membership: Membership;
  readonly #world = new World();
  readonly #server = HostileServer.inThePlaceOfTheServer(this.#world);
  readonly #member: Member;
  /** How many verbs of the member's the test has looked at. */
  #looked = 0;

  constructor(prekeyDueMs: Millis) {
    this.#server.answers = false;
    this.#member = new Member(this.#world, prekeyDueMs);
    this.membership = this.#member.membership;
  }

  get now(): Millis {
    return this.#world.now;
  }

  run(millis: Millis): void {
    for (let left = millis; left > 0; left -= STEP_MS) {
      this.#member.wakesUp();
      this.#world.runs(STEP_MS);
    }
  }

  says(verb: Verb): void {
    this.#server.says(this.#member, verb);
    this.run(STEP_MS);
  }

  /** A bundle that another place of the member has made. */
  bundle(counter: number): Bundle {
    return this.#member.identity.bundle(NICK, "5e".repeat(32), this.now, counter);
  }

  /** The member's line in the table. */
  row(values: Partial<Row> = {}): Row {
    const { bundle } = this.#server.heardOf("register").at(-1)!;
    return {
      nick: NICK,
      skeleton: NICK,
      ...bundle,
      ordinal: 1,
      online: true,
      addresses: [OWN],
      ...NO_LINEAGE,
      ...values,
    };
  }

  /**
   * All that was seen since the test looked last: notices, news for the rest of the client, verbs that left.
   */
  look(): { notices: string[]; told: string[]; verbs: Verb[] } {
    const { recorded, told } = this.#member;
    const verbs = this.#server.heard.slice(this.#looked);
    this.#looked += verbs.length;
    return { notices: recorded.perform(this.now).map(({ type }) => type), told: told.splice(0), verbs };
  }
}

/** How each state is reached from another one. */
const WAYS: Readonly<
  Record<MembershipState, readonly [from: MembershipState | undefined, (it: Case) => void]>
> = {
  offline: ["leaving", (it) => it.says({ type: "deregistered", nick: NICK })],
  registering: [undefined, (it) => it.membership.register(it.now)],
  welcomed: ["registering", (it) => it.says(it.verbs.registered())],
  retrying: ["welcomed", (it) => it.says({ type: "notRegistered", nick: NICK })],
  online: ["welcomed", (it) => it.says(it.verbs.rows([it.row()]))],
  renewing: ["online", (it) => it.says({ type: "notRegistered", nick: NICK })],
  renewed: ["renewing", (it) => it.says(it.verbs.registered())],
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

/**
 * In these states rows were asked for just now. They are asked for again, but not before half a second is
 * over.
 */
const ASKED: readonly MembershipState[] = ["welcomed", "retrying", "renewed"];

const EVENTS: Readonly<Record<MembershipEvent, (it: Case) => void>> = {
  register: (it) => it.membership.register(it.now),
  deregister: (it) => it.membership.deregister(it.now),
  leave: (it) => it.membership.leave(it.now),
  checkIn: (it) => it.membership.checkIn(it.now),
  registered: (it) => it.says(it.verbs.registered()),
  refused: (it) => it.says({ type: "refused", nick: NICK, reason: "other key" }),
  olderBundle: (it) => it.says({ type: "olderBundle", nick: NICK, bundle: it.bundle(9) }),
  notRegistered: (it) => it.says({ type: "notRegistered", nick: NICK }),
  replaced: (it) => it.says({ type: "replaced", nick: NICK }),
  deregistered: (it) => it.says({ type: "deregistered", nick: NICK }),
  restarted: (it) => it.membership.serverRestarted(it.now, false),
  restartedForUs: (it) => it.membership.serverRestarted(it.now, true),
  behind: (it) => {
    it.verbs.changes();
    it.says(it.verbs.alive());
  },
  complete: (it) => it.says(it.verbs.rows([])),
  countedOut: (it) => {
    // A table that is not complete stays so.
    const lacksLast = ASKED.includes(it.membership.state);
    it.says(it.verbs.rows([it.row({ online: false })], lacksLast));
  },
  rowsDue: (it) => {
    it.verbs.changes();
    it.says(it.verbs.alive());
    it.membership.askForRows(it.now);
    it.run(ROWS_AGAIN_MS - 100);
    it.look();
    it.run(150);
  },
  stay: (it) => it.membership.stay(it.now),
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
  takeBack: { notices: ["settled"], verbs: ["register"] },
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
