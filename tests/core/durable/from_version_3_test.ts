/**
 * Records of version 3 as version 4 reads them. Those that its programs really wrote are tried in
 * `tests/storage/version3_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED, Writer } from "../../../core/base/bytes.ts";
import { fromVersion3 } from "../../../core/durable/from_version_3.ts";
import { IDENTITY, OWN, PREKEY, RECEIPT, RecordKind, SEEN } from "../../../core/durable/records.ts";
import * as f from "../../../core/messages/field.ts";
import { SeenIds } from "../../../core/durable/seen_ids.ts";
import { NO_KEY } from "../../../core/messages/identity.ts";
import { idOf, IdSource, isBefore, partsOf } from "../../../core/messages/message_id.ts";
import { Recorded } from "../../kit/recorded.ts";
import { IPV4, KEY, SIGNATURE } from "../../kit/samples.ts";

/** An id of version 3. */
const id3 = (starts: number, sequence: number, random = "a1a2a3") =>
  "0102ff" + starts.toString(16).padStart(4, "0") + random + sequence.toString(16).padStart(16, "0");

function startsAfter(starts: number): number {
  const of3 = new RecordKind("identity", { nick: f.nick, server: f.address, state: f.hex(3), starts: f.u32 });
  const value = of3.encode({ nick: "x", server: IPV4, state: "0102ff", starts });
  const [[, made]] = fromVersion3([[IDENTITY.key(OWN), value]]) as [[string, Uint8Array]];
  const owner = IDENTITY.decode(made);
  assert(owner !== MALFORMED);
  return owner.starts;
}

Deno.test("ids of version 4 come behind all of version 3, whose order stays", () => {
  for (const starts of [1, 300, 65_534]) {
    const next = new IdSource("0102ff", startsAfter(starts) + 1, (count) => new Uint8Array(count)).next(
      "bob",
    );
    for (const random of ["000000", "a1a2a3", "ffffff"]) {
      assert(isBefore(id3(starts, 2 ** 40, random), idOf(next)));
      assert(isBefore(id3(starts, 1, random), id3(starts, 2, random)));
      assert(isBefore(id3(starts - 1, 7, "ffffff"), id3(starts, 1, random)));
    }
  }
  // The count of version 3 has wrapped around.
  for (const starts of [65_535, 65_536, 200_000]) assert(startsAfter(starts) < 2 ** 32);
});

Deno.test("ids that were seen stay seen, and those that were forgotten stay forgotten", () => {
  const entries = [
    ["seen/alice/0102ff0005a1a2a3", { at: 7, floor: 2, runs: [{ from: 4, to: 6 }] }],
    ["seen/alice/0102ff", { at: 7, floor: 3, runs: [] }],
  ] as const;
  const records = fromVersion3(entries.map(([key, values]) => [key, SEEN.encode(values)] as const));
  const seen = new SeenIds(new Recorded(records).effects);
  const has = (id: string) => [seen.hasSeen("alice", partsOf(id)), seen.isForgotten("alice", partsOf(id))];
  assertEquals([1, 2, 3, 4, 6, 7].map((sequence) => has(id3(5, sequence))), [
    [false, true],
    [false, true],
    [false, false],
    [true, false],
    [true, false],
    [false, false],
  ]);
  // Of processes up to the third start nobody knows; of the fourth nothing was seen.
  for (const random of ["000000", "ffffff"]) {
    assertEquals([3, 4].map((starts) => has(id3(starts, 1, random))[1]), [true, false]);
  }
});

Deno.test("a signed receipt keeps its signature, the server's own word has none", () => {
  for (const [outcome, proof] of [[0, SIGNATURE], [3, ""]] as const) {
    const writer = new Writer();
    for (const nick of ["bob", "alice"]) writer.text8(nick);
    writer.u48(5);
    writer.u8(1);
    writer.u8(outcome);
    writer.hex(outcome === 3 ? "00".repeat(64) : SIGNATURE);
    const [[key, value]] = fromVersion3([["receipt/alice/x", writer.finish()]]) as [[string, Uint8Array]];
    const receipt = RECEIPT.decode(value);
    assert(receipt !== MALFORMED);
    assertEquals([key, receipt.proof, receipt.ephemeral, receipt.edition], [
      "receipt/alice/x",
      proof,
      NO_KEY,
      1,
    ]);
  }
});

Deno.test("damaged records are left out, kinds that have not changed are not looked into", () => {
  const damaged = Uint8Array.of(1, 2, 3);
  const kinds = ["identity/own", "seen/a/0102ff", "outbox/x", "inbox/1", "prekey/x", "nick/x", "receipt/a/x"];
  assertEquals(fromVersion3(kinds.map((key) => [key, damaged] as const)), []);
  const kept = [["sent/bob", damaged], ["chain/x/y", damaged], ["letter/1", damaged]] as const;
  assertEquals(fromVersion3(kept), [...kept]);
});

Deno.test("prekeys of version 3 are told from others by their counter", () => {
  const writer = new Writer();
  writer.hex(KEY);
  writer.u48(8);
  writer.u48(0);
  const [[, value]] = fromVersion3([["prekey/x", writer.finish()]]) as [[string, Uint8Array]];
  assertEquals(PREKEY.decode(value), { secret: KEY, at: 8, counter: 0, supersededAt: 0 });
});
