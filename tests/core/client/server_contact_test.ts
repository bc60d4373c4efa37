/** Walks the table of the contact with whoever is at the server's address: every event in every state. */
import { assertEquals } from "@std/assert";
import { KEY_BYTES } from "../../../core/base/crypto.ts";
import type { Key } from "../../../core/base/units.ts";
import {
  CONTACT,
  CONTACT_EVENTS,
  CONTACT_STATES,
  type ContactEvent,
  type ContactMove,
  type ContactState,
  ServerContact,
} from "../../../core/client/server_contact.ts";
import { Links } from "../../../core/link/links.ts";
import type { Notice } from "../../../core/notice.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Dice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
import { SERVER, START } from "../../kit/surroundings.ts";

const [FIRST, SECOND, THIRD] = ["a1", "b2", "c3"].map((byte) => byte.repeat(KEY_BYTES)) as [Key, Key, Key];

/** The contact of a client that knows this key from the start, and what there is to see of it. */
class Case {
  readonly contact: ServerContact;
  readonly #recorded = new Recorded();
  readonly #peer: () => Key | undefined;

  constructor(key?: Key) {
    const { effects } = this.#recorded;
    const random = (count: number) => new Dice(1).bytes(count);
    const ownKey = primitives.keyPair(random(KEY_BYTES));
    const timed = { timestamp: () => START, stopwatch: () => 0 };
    const links = new Links({ primitives, random, ownKey, ...timed, name: undefined, keepsAlive: true });
    const link = links.openServer(START, key, SERVER);
    this.#peer = () => link.peer;
    this.contact = new ServerContact({ effects, links, link, server: SERVER, serverName: "the server" });
  }

  announces(key: Key): void {
    this.contact.onAnnounced(START, key, `server ${key.slice(0, 2)}`);
  }

  /** The notices since the test looked last, and the key that is taken for the server's. */
  look(): { notices: Notice[]; peer: Key | undefined } {
    return { notices: this.#recorded.perform(START), peer: this.#peer() };
  }
}

function caseIn(state: ContactState): Case {
  const it = new Case(state === "known" || state === "doubted" ? FIRST : undefined);
  if (state === "announced") it.announces(FIRST);
  if (state === "doubted") it.announces(THIRD);
  it.look();
  return it;
}

const EVENTS: Readonly<Record<ContactEvent, (it: Case) => void>> = {
  announcement: (it) => it.announces(SECOND),
  packet: (it) => it.contact.onPacket(START),
};

/** All that is seen of a move. */
const SEEN: Readonly<Record<ContactMove, ReturnType<Case["look"]>>> = {
  believe: { notices: [], peer: SECOND },
  greet: { notices: [{ type: "serverMet", key: FIRST, name: "server a1" }], peer: FIRST },
  warn: {
    notices: [{
      type: "serverKeyChanged",
      server: "the server",
      known: FIRST,
      ends: true,
    }],
    peer: FIRST,
  },
};

/** The state that a case is in, by what it does next. */
function stateOf(it: Case): ContactState {
  const { peer } = it.look();
  if (peer === undefined) return "unknown";
  it.contact.onPacket(START);
  if (it.look().notices.length > 0) return "announced";
  it.announces(THIRD);
  return it.look().notices.length > 0 ? "known" : "doubted";
}

for (const state of Object.keys(CONTACT_STATES) as ContactState[]) {
  for (const event of Object.keys(CONTACT_EVENTS) as ContactEvent[]) {
    const cell = CONTACT[state][event];
    Deno.test(`${state}, ${event}: ${cell?.join(" -> ") ?? "nothing"}`, () => {
      const it = caseIn(state);
      const before = it.look();
      const [move, behind = state] = cell ?? [];
      EVENTS[event](it);
      assertEquals(it.look(), move === undefined ? before : SEEN[move]);
      assertEquals(stateOf(it), behind);
    });
  }
}

Deno.test("the key that is taken for the server's may be announced in every state: nothing comes of it", () => {
  for (const state of ["announced", "known", "doubted"] as const) {
    const it = caseIn(state);
    const before = it.look();
    it.announces(FIRST);
    assertEquals(it.look(), before);
    assertEquals(stateOf(it), state);
  }
});
