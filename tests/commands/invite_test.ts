/**
 * `client INVITE`: what an invitation gives, what is no invitation, and that `invite` shows what `client`
 * takes.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readWords } from "../../commands/_options.ts";
import { Commands } from "../../commands/_registry.ts";
import { readClientSettings } from "../../commands/_client_settings.ts";
import * as client from "../../commands/client.ts";
import { render } from "../../core/notice.ts";

const commands = new Commands();
commands.addModule("commands/client.ts", client);

const SERVER_KEY = "0123456789abcdef".repeat(4);
const [ALICE, BOB] = ["a1".repeat(32), "b2".repeat(32)];

/** What a client would be started with. */
function invited(...words: string[]) {
  const outcome = commands.runShell(["client", ...words]);
  assert(outcome.type === "program", JSON.stringify(outcome));
  const { server, serverPort, serverKey, invited, nick } = settingsOf(words);
  return { server, serverPort, serverKey, invited, nick };
}

function settingsOf(words: readonly string[]) {
  const { args: [invite], flags } = readWords(words, commands.get("client")?.options ?? []);
  return readClientSettings(flags, invite);
}

function refused(...words: string[]): string {
  const outcome = commands.runShell(["client", ...words]);
  assert(outcome.type === "wrong", JSON.stringify(outcome));
  return outcome.reason;
}

const PEOPLE = [{ nick: "alice", identity: ALICE }];
const HERE = {
  server: "127.0.0.1",
  serverPort: 9998,
  serverKey: SERVER_KEY,
  invited: PEOPLE,
  nick: undefined,
};
const at = (place: string, rest = `&peer=alice:${ALICE}`) => `parley://${place}/?server=${SERVER_KEY}${rest}`;

Deno.test("an invitation names the server with its key, and people with theirs", () => {
  assertEquals(invited(at("127.0.0.1:9998", `&peer=alice:${ALICE}`)), HERE);
  assertEquals(invited(at("127.0.0.1:9998", `&peer=alice:${ALICE}&peer=bob:${BOB}`)), {
    ...HERE,
    invited: [{ nick: "alice", identity: ALICE }, { nick: "bob", identity: BOB }],
  });
});

Deno.test("other options stand beside it, in any order", () => {
  assertEquals(invited("-n", "x", at("127.0.0.1:9998")), { ...HERE, nick: "x" });
  assertEquals(invited(at("127.0.0.1:9998"), "-n", "x"), { ...HERE, nick: "x" });
  assertEquals(invited("--passphrase", at("127.0.0.1:9998")), HERE);
  assertEquals(invited("-n", "x", "--", at("127.0.0.1:9998")), { ...HERE, nick: "x" });
});

Deno.test("a name, IPv6 and no port; capital digits, as keys are compared in small ones", () => {
  assertEquals(invited(at("Chat.example:1")), { ...HERE, server: "Chat.example", serverPort: 1 });
  assertEquals(invited(at("[2001:db8::1]:65535")), { ...HERE, server: "2001:db8::1", serverPort: 65535 });
  assertEquals(invited(at("10.0.0.1")), { ...HERE, server: "10.0.0.1", serverPort: 9999 });
  const capitals =
    `PARLEY://127.0.0.1:9998/?server=${SERVER_KEY.toUpperCase()}&peer=Al:${ALICE.toUpperCase()}`;
  assertEquals(invited(capitals), { ...HERE, invited: [{ nick: "Al", identity: ALICE }] });
});

Deno.test("what 'invite' shows is what 'client' takes, whatever the names", () => {
  for (const host of ["127.0.0.1:9998", "chat.example:1", "münchen.example:9999", "[::1]:9999"]) {
    for (const nick of ["alice", "Zoë", "ΝΊΚΟΣ", "a_b-c.d", "漢字"]) {
      const notice = { server: host, serverKey: SERVER_KEY, nick, identity: ALICE };
      const { stream, lines } = render({ type: "invite", ...notice }, () => 0);
      assertEquals([stream, lines.length], ["screen", 1]);
      const [, name, port] = /^\[?(.*?)\]?:(\d+)$/.exec(host)!;
      assertEquals(invited(lines[0]!), {
        server: name!,
        serverPort: Number(port),
        serverKey: SERVER_KEY,
        invited: [{ nick, identity: ALICE }],
        nick: undefined,
      });
    }
  }
});

const NOT_INVITATIONS: readonly [what: string, text: string][] = [
  ["a nick", "alice"],
  ["nothing", ""],
  ["an address", "127.0.0.1:9998"],
  ["of another kind", at("127.0.0.1:9998").replace("parley", "https")],
  ["without a host", `parley:?server=${SERVER_KEY}`],
  ["with an empty host", at("")],
  ["with a port that is none", at("127.0.0.1:65536")],
  ["with port 0", at("127.0.0.1:0")],
  ["with IPv6 out of its brackets", at("::1:9998")],
  ["without the server's key", "parley://127.0.0.1:9998/"],
  ["without anybody, as a shell leaves it that was given no quotes", at("127.0.0.1:9998", "")],
  ["with a key too short", at("127.0.0.1").replace(SERVER_KEY, SERVER_KEY.slice(1))],
  ["with a key too long", at("127.0.0.1").replace(SERVER_KEY, `0${SERVER_KEY}`)],
  ["with a key that is none", at("127.0.0.1").replace("f", "g")],
  ["with somebody without a key", at("127.0.0.1", "&peer=alice")],
  ["with somebody whose key is too short", at("127.0.0.1", `&peer=alice:${ALICE.slice(1)}`)],
  ["with somebody whose key is nobody's, of small order", at("127.0.0.1", `&peer=alice:${"00".repeat(32)}`)],
  ["with a key without a nick", at("127.0.0.1", `&peer=:${ALICE}`)],
  ["with a nick that is none", at("127.0.0.1", `&peer=a%20b:${ALICE}`)],
  ["with the server's nick", at("127.0.0.1", `&peer=SERVER:${ALICE}`)],
  ["with two keys for one", at("127.0.0.1", `&peer=alice:${ALICE}:${BOB}`)],
  ["with a new line", `${at("127.0.0.1:9998")}\n`],
  ["with a new line inside", at("127.0.0.1:9998", `&peer=al\nice:${ALICE}`)],
  ["with a new line in the host, as a URL writes it", at("127.0.0.1%0A:9998")],
  ["with a tab", at("127.0.0.1:\t9998")],
  ["with a control character", at("127.0.0.1:9998", `&peer=alice:${ALICE}\x7f`)],
  ["with a second '?'", at("127.0.0.1:9998", `?peer=alice:${ALICE}`)],
  ["with a second '?' behind everything", `${at("127.0.0.1:9998")}?`],
  ["with a '?' in the host, as a URL writes it", at("a%3Fb:9998")],
  ["with one good peer and a bad one", at("127.0.0.1", `&peer=alice:${ALICE}&peer=bob`)],
];

for (const [what, text] of NOT_INVITATIONS) {
  Deno.test(`no invitation: ${what}`, () => {
    assertEquals(
      refused(text),
      `'${text}' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes`,
    );
  });
}

Deno.test("a server named twice is refused, whether the names agree or not", () => {
  for (
    const [option, value] of [["-i", "127.0.0.1"], ["-p", "9998"], ["--server-key", SERVER_KEY]] as const
  ) {
    const long = { "-i": "--server", "-p": "--server-port", "--server-key": "--server-key" }[option];
    assertEquals(
      refused(option, value, at("127.0.0.1:9998")),
      `an invitation names the server, leave out '${long}'`,
    );
  }
});

Deno.test("two invitations are one too many", () => {
  const second = at("127.0.0.1:9998");
  assertStringIncludes(refused(at("127.0.0.1:9998"), second), `unexpected argument '${second}'`);
});
