import { assert, assertEquals } from "@std/assert";
import { Reader, Writer } from "../../../core/base/bytes.ts";
import { BODY_BYTES, COLLECTED_RECEIPTS } from "../../../core/base/limits.ts";
import type { Address } from "../../../core/base/units.ts";
import * as f from "../../../core/messages/field.ts";
import { BODY, BUNDLE, ID, KEY, LONGEST_BODY, LONGEST_TEXT, ROW } from "../../kit/samples.ts";

function written<Value>(field: f.Field<Value>, value: Value): Uint8Array {
  const writer = new Writer();
  field.write(writer, value);
  return writer.finish();
}

function back<Value>(field: f.Field<Value>, value: Value): Value {
  const reader = new Reader(written(field, value));
  const read = field.read(reader);
  assert(reader.done);
  return read;
}

Deno.test("an IPv4 address takes seven bytes, an IPv6 address nineteen, the server's host three", () => {
  assertEquals(written(f.address, { host: "10.0.1.255", port: 9999 }).toHex(), "040a0001ff270f");
  assertEquals(
    written(f.address, { host: "2001:db8::1", port: 1 }).toHex(),
    "0620010db80000000000000000000000010001",
  );
  assertEquals(written(f.address, { host: f.SERVER_HOST_NAME, port: 1 }).toHex(), "000001");
});

Deno.test("IPv6 addresses are read as the system writes them, however they were written", () => {
  const same: readonly [string, string][] = [
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["fe80::a:b%eth0", "fe80::a:b"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["FF02:0:0:0:DB8:0:0:1", "ff02::db8:0:0:1"],
  ];
  for (const [host, read] of same) assertEquals(back(f.address, { host, port: 1 }), { host: read, port: 1 });
});

Deno.test("lists keep their order", () => {
  const addresses: Address[] = ["10.0.0.2", "10.0.0.1", "", "1:2:3:4:5:6:7:8"].map((host) => ({
    host,
    port: 7,
  }));
  assertEquals(back(f.addresses, addresses), addresses);
  assertEquals(back(f.addresses, []), []);
});

Deno.test("a list longer than allowed is read no further", () => {
  const writer = new Writer();
  writer.u8(255);
  const reader = new Reader(writer.finish());
  assertEquals(f.addresses.read(reader), []);
  assert(reader.failed);
});

Deno.test("a list may be as long as it may be, and not by one longer", () => {
  const names = (count: number) => Array(count).fill({ id: ID, edition: 1, ephemeral: KEY });
  const read = (count: number) => {
    const reader = new Reader(written(f.receiptNames, names(count)));
    f.receiptNames.read(reader);
    return reader.done;
  };
  assertEquals([read(0), read(COLLECTED_RECEIPTS), read(COLLECTED_RECEIPTS + 1)], [true, true, false]);
});

Deno.test("a word is written as its number; a number behind the last one is none", () => {
  const field = f.oneOf(["red", "green"]);
  assertEquals(written(field, "green").toHex(), "01");
  assertEquals([back(field, "red"), back(field, "green")], ["red", "green"]);
  for (const number of [2, 255]) {
    const reader = new Reader(Uint8Array.of(number));
    field.read(reader);
    assert(reader.failed);
  }
});

Deno.test("which sealing it is takes a byte, and there are two of them", () => {
  assertEquals([written(f.edition, 0).toHex(), written(f.edition, 1).toHex()], ["00", "01"]);
  const reader = new Reader(Uint8Array.of(2));
  f.edition.read(reader);
  assert(reader.failed);
});

Deno.test("outcomes keep their numbers: they are signed", () => {
  const numbers = (["read", "unreadable", "refused", "released"] as const).map((outcome) =>
    written(f.outcome, outcome).toHex()
  );
  assertEquals(numbers, ["00", "01", "02", "03"]);
});

Deno.test("a body has three bytes of length before it", () => {
  assertEquals(written(f.body, BODY).toHex(), "000004" + BODY.toHex());
  assertEquals(back(f.body, BODY), BODY);
  assertEquals(back(f.body, new Uint8Array(0)), new Uint8Array(0));
  assertEquals(back(f.body, LONGEST_BODY), LONGEST_BODY);
});

Deno.test("a body that is too long, or shorter than it says, is read no further", () => {
  const long = new Writer();
  long.u24(BODY_BYTES + 1);
  long.zeros(BODY_BYTES + 1);
  for (const bytes of [long.finish(), Uint8Array.of(0, 0, 2, 7), Uint8Array.of(0, 0)]) {
    const reader = new Reader(bytes);
    assertEquals(f.body.read(reader), new Uint8Array(0));
    assert(reader.failed);
  }
});

Deno.test("a text has 65,536 bytes at most", () => {
  assertEquals(back(f.text, LONGEST_TEXT), LONGEST_TEXT);
  const reader = new Reader(written(f.text, LONGEST_TEXT + "x"));
  f.text.read(reader);
  assert(reader.failed);
});

Deno.test("a body is a copy: what it came in may change", () => {
  const bytes = written(f.body, BODY);
  const body = f.body.read(new Reader(bytes));
  bytes.fill(0x77);
  assertEquals(body, BODY);
});

Deno.test("a bundle takes 172 bytes: three keys, an instant, a counter, a signature", () => {
  const { identity, key, prekey, signature } = BUNDLE;
  assertEquals(written(f.bundle, BUNDLE).toHex(), identity + key + prekey + "ff".repeat(12) + signature);
  assertEquals(back(f.bundle, BUNDLE), BUNDLE);
});

Deno.test("instants are whole milliseconds, cut off, not rounded", () => {
  assertEquals(back(f.instant, 1_700_000_000_000.9), 1_700_000_000_000);
});

Deno.test("the size of a row is what it takes on the wire", () => {
  assertEquals(f.rowBytes(ROW), written(f.rows, [ROW]).length - 1);
  assertEquals(f.rowBytes({ ...ROW, nick: "x", skeleton: "x", addresses: [] }), 184);
});
