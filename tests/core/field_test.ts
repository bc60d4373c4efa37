import { assert, assertEquals } from "@std/assert";
import { Reader, Writer } from "../../core/bytes.ts";
import * as f from "../../core/field.ts";
import type { Address } from "../../core/machine.ts";
import { ROW } from "./samples.ts";

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
  assertEquals(f.ids.read(reader), []);
  assert(reader.failed);
});

Deno.test("instants are whole milliseconds, cut off, not rounded", () => {
  assertEquals(back(f.instant, 1_700_000_000_000.9), 1_700_000_000_000);
});

Deno.test("the size of a row is what it takes on the wire", () => {
  assertEquals(f.rowBytes(ROW), written(f.rows, [ROW]).length - 1);
  assertEquals(f.rowBytes({ ...ROW, nick: "x", addresses: [] }), 40);
});
