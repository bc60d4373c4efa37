/**
 * The end of an identity, said by the identity itself: its owner revokes it, or names another one as its
 * successor. A nick's lineage is all that was said of this kind about the nick. The server keeps it and hands
 * it on, and cannot make it up (docs/security.md, "The end of an identity").
 */
import { labelled, type Primitives } from "../base/crypto.ts";
import type { Key } from "../base/units.ts";
import { type Identity, isSigned, type Predecessor } from "./identity.ts";
import { type Nick, nickKey } from "./nick.ts";

/** An identity's word that it is not to be believed any more. */
export interface Revocation {
  /** The identity that says so. */
  readonly identity: Key;
  /** Its signature. */
  readonly signature: string;
}

/** Everything that the identities of a nick have said about their end. */
export interface Lineage {
  /** Oldest first. The successor of each is the next one, and that of the last the present identity. */
  readonly predecessors: readonly Predecessor[];
  /** At most one: by the present identity or by a predecessor. Either way it ends the present identity. */
  readonly revocation: readonly Revocation[];
}

export const NO_LINEAGE: Lineage = { predecessors: [], revocation: [] };

/** Signs that our identity is revoked. */
export function revocationOf(identity: Identity, nick: Nick): Revocation {
  return {
    identity: identity.publicKey,
    signature: identity.sign(revocationBytes(nick, identity.publicKey)).toHex(),
  };
}

/** Signs with both identities that one succeeds the other. */
export function successionOf(former: Identity, successor: Identity, nick: Nick): Predecessor {
  const bytes = successionBytes(nick, former.publicKey, successor.publicKey);
  return {
    identity: former.publicKey,
    signature: former.sign(bytes).toHex(),
    consent: successor.sign(bytes).toHex(),
  };
}

export function isRevocation(
  primitives: Primitives,
  nick: Nick,
  { identity, signature }: Revocation,
): boolean {
  return isSigned(primitives, identity, revocationBytes(nick, identity), signature);
}

/** True if all signatures are right, and the revocation is by the present identity or by a predecessor. */
export function isLineage(
  primitives: Primitives,
  nick: Nick,
  present: Key,
  { predecessors, revocation }: Lineage,
): boolean {
  return predecessors.every(({ identity, signature, consent }, at) => {
    const successor = predecessors[at + 1]?.identity ?? present;
    const bytes = successionBytes(nick, identity, successor);
    return isSigned(primitives, identity, bytes, signature) &&
      isSigned(primitives, successor, bytes, consent);
  }) &&
    revocation.every((word) =>
      hasHeld({ identity: present, predecessors }, word.identity) && isRevocation(primitives, nick, word)
    );
}

/** True if an identity holds the nick, or held it before. */
export function hasHeld(
  { identity, predecessors }: { identity: Key } & Pick<Lineage, "predecessors">,
  who: Key,
): boolean {
  return identity === who || predecessors.some((former) => former.identity === who);
}

/** Whether two lineages are the same. A signature belongs to one text, so nothing else has to be compared. */
export function equalLineages(a: Lineage, b: Lineage): boolean {
  return a.predecessors.length === b.predecessors.length && a.revocation.length === b.revocation.length &&
    a.predecessors.every(({ signature, consent }, at) =>
      signature === b.predecessors[at]!.signature && consent === b.predecessors[at]!.consent
    ) &&
    a.revocation.every(({ signature }, at) => signature === b.revocation[at]!.signature);
}

function revocationBytes(nick: Nick, identity: Key): Uint8Array {
  const writer = labelled("Parley 4 revocation");
  writer.text8(nickKey(nick));
  writer.hex(identity);
  return writer.finish();
}

function successionBytes(nick: Nick, identity: Key, successor: Key): Uint8Array {
  const writer = labelled("Parley 4 succession");
  writer.text8(nickKey(nick));
  writer.hex(identity);
  writer.hex(successor);
  return writer.finish();
}
