/**
 * A map whose entries are kept on disk, each in a record of one kind. It begins with the records that the
 * last process left, and every change of the map changes the disk. So no part of a machine has to keep a map
 * and its records in step by hand.
 */
import { type Entries, RenewedMap } from "../base/renewed_map.ts";
import type { Millis } from "../base/units.ts";
import type { Fields, ValuesOf } from "../messages/field.ts";
import type { NickKey } from "../messages/nick.ts";
import type { Effects } from "./effects.ts";
import { nameFor, type RecordKind } from "./records.ts";

/** Says how the entries of a map are written as records, and which entries form a group. */
export interface Form<Key, Value, Shape extends Fields> {
  readonly kind: RecordKind<Shape>;
  /** The name of an entry's record. */
  nameOf(key: Key, value: Value): string | number;
  entryOf(name: string, record: ValuesOf<Shape>): readonly [Key, Value];
  recordOf(value: Value): ValuesOf<Shape>;
  /** The group that an entry belongs to. It stays the same, however the value changes. */
  groupOf?(key: Key, value: Value): string;
  /** The most entries that a group has. With one more the oldest is deleted. */
  readonly most?: number;
}

/** `Shape` stands for the fields of the records. Only the constructor needs to know it. */
export class DurableMap<Key, Value, Shape extends Fields = Fields> {
  readonly #effects: Effects;
  readonly #form: Form<Key, Value, Shape>;
  /** The entry that was set last comes last. */
  readonly #entries = new RenewedMap<Key, Value>();
  readonly #groups = new Map<string, RenewedMap<Key, Value>>();
  /** The entry that was set last. */
  #newest: Key | undefined;

  constructor(effects: Effects, form: Form<Key, Value, Shape>) {
    this.#effects = effects;
    this.#form = form;
    const found = effects.takeFound(form.kind);
    for (const [name, record] of form.kind.read(found)) this.setUnsaved(...form.entryOf(name, record));
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /**
   * The entry that was set last comes last. Those of the last process come first, in the order of their
   * records' keys.
   */
  entries(): MapIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  keys(): MapIterator<Key> {
    return this.#entries.keys();
  }

  values(): MapIterator<Value> {
    return this.#entries.values();
  }

  /** The entries of one group, in the same order; none if there is no such group. */
  group(name: string): Entries<Key, Value> {
    return this.#groups.get(name) ?? new Map();
  }

  /** All groups that have entries. */
  get groups(): ReadonlyMap<string, Entries<Key, Value>> {
    return this.#groups;
  }

  /** Makes this the newest entry. It is durable before this wake-up transmits or shows anything. */
  set(key: Key, value: Value): void {
    this.setUnsaved(key, value);
    this.save(key);
  }

  /** The same, but the record is saved a little later (`SAVE_LATER_MS`), with the value as it is then. */
  setLater(now: Millis, key: Key, value: Value): void {
    this.setUnsaved(key, value);
    if (!this.#effects.keeps) return;
    this.#effects.saveLater(now, this.#recordKey(key, value), () => this.#encode(value));
  }

  /** The same, but the record stays as it is until the entry is saved. */
  setUnsaved(key: Key, value: Value): void {
    const { groupOf, most = Infinity } = this.#form;
    // The newest entry is the last of its group as well: it has its place.
    if (key === this.#newest) {
      this.#entries.set(key, value);
      if (groupOf !== undefined) this.#groups.get(groupOf(key, value))!.set(key, value);
      return;
    }
    this.#newest = key;
    putLast(this.#entries, key, value);
    if (groupOf === undefined) return;
    const name = groupOf(key, value);
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, group = new RenewedMap());
    putLast(group, key, value);
    if (group.size > most) this.delete(group.keys().next().value!);
  }

  /** Saves an entry whose value was changed in place. */
  save(key: Key): void {
    if (!this.#effects.keeps) return;
    const value = this.get(key);
    if (value !== undefined) this.#effects.save(this.#recordKey(key, value), () => this.#encode(value));
  }

  /** Deletes an entry and its record. Returns false if there was no such entry. */
  delete(key: Key): boolean {
    const value = this.#remove(key);
    if (value === undefined) return false;
    if (this.#effects.keeps) this.#effects.forget(this.#recordKey(key, value));
    return true;
  }

  /** The same, but the record is deleted a little later. */
  deleteLater(now: Millis, key: Key): void {
    const value = this.#remove(key);
    if (value === undefined || !this.#effects.keeps) return;
    this.#effects.forgetLater(now, this.#recordKey(key, value));
  }

  /** The same for secrets: no trace of the record is left on disk. */
  destroy(key: Key): void {
    const value = this.#remove(key);
    if (value !== undefined) this.#effects.destroy(this.#recordKey(key, value));
  }

  /** Takes an entry out of the map and out of its group, and returns it. */
  #remove(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    if (key === this.#newest) this.#newest = undefined;
    const { groupOf } = this.#form;
    if (groupOf === undefined) return value;
    const name = groupOf(key, value);
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
    return value;
  }

  #recordKey(key: Key, value: Value): string {
    return this.#form.kind.key(this.#form.nameOf(key, value));
  }

  #encode(value: Value): Uint8Array {
    return this.#form.kind.encode(this.#form.recordOf(value));
  }
}

/** Puts an entry behind all others, wherever it was before. */
function putLast<Key, Value>(map: RenewedMap<Key, Value>, key: Key, value: Value): void {
  if (map.has(key)) map.delete(key);
  map.set(key, value);
}

/** The form of entries that have the names and the fields of their records. */
export function byName<Shape extends Fields>(
  kind: RecordKind<Shape>,
): Form<string, ValuesOf<Shape>, Shape> {
  return {
    kind,
    nameOf: (name) => name,
    entryOf: (name, record) => [name, record],
    recordOf: (value) => value,
  };
}

/** The same for records that are named by nicks (`nameFor`). */
export function byNick<Shape extends Fields>(
  kind: RecordKind<Shape>,
): Form<NickKey, ValuesOf<Shape>, Shape> {
  return {
    ...byName(kind),
    nameOf: nameFor,
    entryOf: (name, record) => [decodeURIComponent(name), record],
  };
}
