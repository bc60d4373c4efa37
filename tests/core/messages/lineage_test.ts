/** Who had a nick, who has it, and whether somebody has ended that: only what is signed counts. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { primitives } from "../../../core/base/crypto.ts";
import { Identity, SECRETS_BYTES } from "../../../core/messages/identity.ts";
import {
  equalLineages,
  hasHeld,
  isLineage,
  isRevocation,
  type Lineage,
  NO_LINEAGE,
  revocationOf,
  successionOf,
} from "../../../core/messages/lineage.ts";
import { seededDice } from "../../kit/dice.ts";
import { flipped } from "../../kit/author.ts";

const dice = seededDice();
const newIdentity = () => new Identity(primitives, dice.bytes(SECRETS_BYTES));
const [a, b, c, other] = [newIdentity(), newIdentity(), newIdentity(), newIdentity()] as const;
/** a has named b, and b has named c. */
const predecessors = [successionOf(a, b, "bob"), successionOf(b, c, "bob")];

const isRight = (lineage: Partial<Lineage>, present = c, nick = "bob") =>
  isLineage(primitives, nick, present.publicKey, { ...NO_LINEAGE, ...lineage });

Deno.test("a revocation is signed by its identity, for its nick in any spelling", () => {
  const revocation = revocationOf(a, "Bob");
  assert(isRevocation(primitives, "bob", revocation));
  assertFalse(isRevocation(primitives, "bobby", revocation));
  assertFalse(isRevocation(primitives, "bob", { ...revocation, identity: b.publicKey }));
  assertFalse(
    isRevocation(primitives, "bob", { ...revocation, signature: flipped(revocation.signature, 9) }),
  );
});

Deno.test("a lineage is right when each has named the next one, and each next one has consented", () => {
  assert(isRight({}));
  assert(isRight({ predecessors }));
  assert(isRight({ predecessors: predecessors.slice(1) }));
  assertFalse(isRight({ predecessors }, b), "another one at its end");
  assertFalse(isRight({ predecessors: predecessors.toReversed() }), "in another order");
  assertFalse(isRight({ predecessors: predecessors.slice(0, 1) }), "with one left out");
  assertFalse(isRight({ predecessors }, c, "bobby"), "for another nick");
  for (const at of [0, 1]) {
    for (const field of ["signature", "consent"] as const) {
      const changed = predecessors.map((one, index) =>
        index === at ? { ...one, [field]: flipped(one[field], 100) } : one
      );
      assertFalse(isRight({ predecessors: changed }), `${field} of ${at}`);
    }
  }
});

Deno.test("the present identity and its predecessors revoke it, and nobody else", () => {
  for (const identity of [a, b, c]) {
    assert(isRight({ predecessors, revocation: [revocationOf(identity, "bob")] }));
  }
  assertFalse(isRight({ predecessors, revocation: [revocationOf(other, "bob")] }));
  assertFalse(isRight({ revocation: [revocationOf(a, "bob")] }));
  assertFalse(isRight({ revocation: [{ ...revocationOf(a, "bob"), identity: c.publicKey }] }));
});

Deno.test("a signature of one kind is none of another", () => {
  const { signature } = successionOf(a, a, "bob");
  assertFalse(isRevocation(primitives, "bob", { identity: a.publicKey, signature }));
});

Deno.test("who holds or held the nick", () => {
  const row = { identity: c.publicKey, predecessors };
  assertEquals([a, b, c, other].map(({ publicKey }) => hasHeld(row, publicKey)), [true, true, true, false]);
});

Deno.test("lineages are the same when all their signatures are", () => {
  const revocation = [revocationOf(a, "bob")];
  const all: Lineage[] = [
    NO_LINEAGE,
    { predecessors, revocation: [] },
    { predecessors: predecessors.slice(1), revocation: [] },
    { predecessors, revocation },
    { predecessors, revocation: [revocationOf(b, "bob")] },
  ];
  for (const one of all) for (const two of all) assertEquals(equalLineages(one, two), one === two);
  assert(equalLineages({ predecessors: [...predecessors], revocation }, all[3]!));
});
