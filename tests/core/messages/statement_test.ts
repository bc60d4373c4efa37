/** A revocation on paper: as it is written, as somebody types it in again, and what is none. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { readStatement, type Statement, writeStatement } from "../../../core/messages/statement.ts";
import { seededDice } from "../../kit/dice.ts";
import { KEY, mutated, SIGNATURE } from "../../kit/samples.ts";

const STATEMENT: Statement = {
  nick: "bob",
  server: { host: "chat.example.org", port: 9999 },
  serverKey: "5e".repeat(32),
  identity: KEY,
  signature: SIGNATURE,
};
const TEXT = writeStatement(STATEMENT);

Deno.test("a statement says what it is and how it is used, in lines that fit on paper", () => {
  assert(TEXT.includes("parley revoke FILE"));
  assertFalse(/.{111}/.test(TEXT));
  assertEquals(readStatement(TEXT), STATEMENT);
});

Deno.test("servers are named by name, IPv4 and IPv6", () => {
  for (const host of ["localhost", "10.0.0.1", "2001:db8::1"]) {
    const statement = { ...STATEMENT, server: { host, port: 1 } };
    assertEquals(readStatement(writeStatement(statement)), statement);
  }
});

Deno.test("spaces, line ends, capital letters, and what stands before do not count", () => {
  const block = TEXT.slice(TEXT.indexOf("nick:"));
  const typed = [
    block,
    block.replaceAll("\n", "\r\n"),
    block.replaceAll(/(?<=[0-9a-f]{8}) (?=[0-9a-f]{8})/g, ""),
    block.replaceAll(/(?<=:)\n +/g, " "),
    block.replaceAll("0f0f0f0f", "0F0F0f0f"),
    `my notes\nnick: of the cat\n${TEXT}`,
    TEXT.trimEnd(),
    `${TEXT}\nprinted on Monday\n`,
  ];
  for (const text of typed) assertEquals(readStatement(text), STATEMENT, text);
});

Deno.test("a statement that is not complete is none", () => {
  const cut = (from: string, to = "") => TEXT.replace(from, to);
  const texts = [
    "",
    TEXT.slice(0, -10),
    TEXT.slice(0, TEXT.indexOf("signature:")),
    cut("nick: bob"),
    cut("nick: bob", "nick: SERVER"),
    cut("server: chat.example.org:9999"),
    cut("server: chat.example.org:9999", "server: chat.example.org"),
    cut("server: chat.example.org:9999", "server: chat.example.org:0"),
    cut("server: chat.example.org:9999", "server: chat.example.org:70000"),
    cut("server key:", "key of the server:"),
    cut("5a5a5a5a", "5a5a5a5"),
    cut("5a5a5a5a", "5a5a5a5o"),
  ];
  for (const text of texts) assertEquals(readStatement(text), MALFORMED, text);
});

Deno.test("any text is a statement or MALFORMED", () => {
  const dice = seededDice();
  const bytes = new TextEncoder().encode(TEXT);
  for (let count = 0; count < 2000; count++) {
    const read = readStatement(new TextDecoder().decode(mutated(dice, bytes)));
    if (read !== MALFORMED) assertEquals(readStatement(writeStatement(read)), read);
  }
});
