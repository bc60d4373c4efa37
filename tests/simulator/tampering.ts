/** An operator with bad intentions: alters, drops and exchanges what his server keeps, while it is down. */
import { letterNameOf } from "../../core/messages/letter_form.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { CHANNEL, LETTER, NICK, RECEIPT, receiptKey } from "../../core/durable/records.ts";
import type { Change } from "../../core/machine.ts";
import type { Dice } from "../kit/dice.ts";
import type { Disk } from "../kit/disk.ts";

/** Changes one or two things; says what it did. */
export function tamper(dice: Dice, disk: Disk): string {
  const deeds = [alter, drop, exchange, readdress, claimRead, claimReleased, swapKeys, rollBack];
  return [dice.pick(deeds), dice.pick(deeds)].map((deed) => `${deed.name} ${deed(dice, disk)}`).join(", ");
}

type Stored =
  | Extract<ReturnType<typeof LETTER.decode>, object>
  | Extract<ReturnType<typeof CHANNEL.decode>, object>;

/** A letter or a channel message, picked at random. */
function pick(dice: Dice, disk: Disk): { key: string; record: Stored } | undefined {
  const keys = disk.keys().filter((key) => LETTER.matches(key) || CHANNEL.matches(key));
  if (keys.length === 0) return undefined;
  const key = dice.pick(keys);
  const value = valueOf(disk, key);
  const record = LETTER.matches(key) ? LETTER.decode(value) : CHANNEL.decode(value);
  return record === MALFORMED ? undefined : { key, record };
}

function valueOf(disk: Disk, key: string): Uint8Array {
  return [...disk.read()].find(([known]) => known === key)![1];
}

function write(disk: Disk, key: string, record: Stored): void {
  const value = "to" in record ? LETTER.encode(record) : CHANNEL.encode(record);
  disk.commit([{ type: "save", key, value }]);
}

function alter(dice: Dice, disk: Disk): string {
  const picked = pick(dice, disk);
  if (picked === undefined) return "nothing";
  const body = picked.record.body.slice();
  body[dice.below(body.length)]! ^= 1 << dice.below(8);
  write(disk, picked.key, { ...picked.record, body });
  return picked.key;
}

function drop(dice: Dice, disk: Disk): string {
  const picked = pick(dice, disk);
  if (picked === undefined) return "nothing";
  disk.commit([{ type: "forget", key: picked.key }]);
  return picked.key;
}

function exchange(dice: Dice, disk: Disk): string {
  const [one, other] = [pick(dice, disk), pick(dice, disk)];
  if (one === undefined || other === undefined) return "nothing";
  const { body, id } = one.record;
  write(disk, one.key, { ...one.record, body: other.record.body, id: other.record.id });
  write(disk, other.key, { ...other.record, body, id });
  return `${one.key} ${other.key}`;
}

function readdress(dice: Dice, disk: Disk): string {
  const picked = pick(dice, disk);
  const nicks = disk.keys().filter((key) => NICK.matches(key)).map((key) =>
    decodeURIComponent(NICK.nameOf(key))
  );
  if (picked === undefined || !("to" in picked.record)) return "nothing";
  write(disk, picked.key, { ...picked.record, [dice.pick(["to", "from"])]: dice.pick(nicks) });
  return picked.key;
}

/** A receipt in the place of a letter that nobody has read. */
function receiptFor(dice: Dice, disk: Disk, outcome: "read" | "released"): string {
  const picked = pick(dice, disk);
  if (picked === undefined || !("to" in picked.record)) return "nothing";
  const { id, from, to, body } = picked.record;
  const proof = dice.bytes(dice.pick([32, 64])).toHex();
  const receipt = { from, to, at: 0, ...letterNameOf(body), outcome, proof };
  const changes: Change[] = [
    { type: "forget", key: picked.key },
    { type: "save", key: receiptKey(from, id), value: RECEIPT.encode(receipt) },
  ];
  disk.commit(changes);
  return picked.key;
}

function claimRead(dice: Dice, disk: Disk): string {
  return receiptFor(dice, disk, "read");
}

function claimReleased(dice: Dice, disk: Disk): string {
  return receiptFor(dice, disk, "released");
}

/** One's own key, or somebody else's, in the place of a member's. */
function swapKeys(dice: Dice, disk: Disk): string {
  const keys = disk.keys().filter((key) => NICK.matches(key));
  if (keys.length < 2) return "nothing";
  const [victim, other] = [dice.pick(keys), dice.pick(keys)];
  const [record, others] = [victim, other].map((key) => NICK.decode(valueOf(disk, key)));
  if (record === undefined || others === undefined || record === MALFORMED || others === MALFORMED) {
    return "nothing";
  }
  const bundle = dice.happens(0.5)
    ? others.bundle
    : { ...record.bundle, [dice.pick(["key", "prekey"])]: others.bundle.key };
  disk.commit([{ type: "save", key: victim, value: NICK.encode({ ...record, bundle }) }]);
  return `${victim} ${other}`;
}

/** What was collected and acknowledged stands there once more. */
function rollBack(dice: Dice, disk: Disk): string {
  const picked = pick(dice, disk);
  if (picked === undefined) return "nothing";
  const order = String(900_000_000_000 + dice.below(1_000_000)).padStart(15, "0");
  write(disk, "to" in picked.record ? LETTER.key(order) : CHANNEL.key(order), picked.record);
  return picked.key;
}
