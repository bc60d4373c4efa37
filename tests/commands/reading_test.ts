/** Lines as commands and as messages. */
import { assertEquals } from "@std/assert";
import { Commands } from "../../commands/_registry.ts";
import * as help from "../../commands/help.ts";
import * as history from "../../commands/history.ts";
import * as leave from "../../commands/leave.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import * as talk from "../../commands/talk.ts";
import { completions } from "../../programs/completing.ts";
import {
  type Conversation,
  type LineResult,
  onlySends,
  promptOf,
  readLine,
  type Said,
  sendingOf,
} from "../../programs/reading.ts";

const commands = new Commands();
for (const [name, module] of Object.entries({ help, history, leave, peers, quit, send, sendAll, talk })) {
  commands.addModule(`commands/${name}.ts`, module);
}

const WITH_BOB: Conversation = { to: "bob" };
const CHANNEL: Conversation = { to: undefined };
const read = (conversation: Conversation | undefined, line: string) =>
  readLine(commands, conversation, line, 0);
const toBob = (text: string): LineResult => ({
  type: "said",
  to: "bob",
  text,
});

Deno.test("outside a conversation words are commands, with a slash or without", () => {
  for (const line of ["send bob hi", "/send bob hi", "  /send bob hi"]) {
    assertEquals(read(undefined, line), {
      type: "actions",
      actions: [{ type: "sendDirect", to: "bob", text: "hi" }],
    });
  }
  assertEquals(read(undefined, "talk bob"), { type: "screen", request: { do: "talk", to: "bob" } });
  assertEquals(read(undefined, "/talk"), { type: "screen", request: { do: "talk", to: undefined } });
  assertEquals(read(undefined, "//quit")?.type, "wrong");
  assertEquals(read(undefined, " "), undefined);
});

Deno.test("in a conversation only a slash at the begin makes a command", () => {
  for (const line of ["trust me", "quit worrying", "quit", " /quit", "send it / now", "  two  spaces "]) {
    assertEquals(read(WITH_BOB, line), toBob(line));
  }
  assertEquals(read(WITH_BOB, "/quit"), { type: "actions", actions: [{ type: "quit" }] });
  assertEquals(read(WITH_BOB, "/leave"), { type: "screen", request: { do: "leave" } });
  assertEquals(read(WITH_BOB, "/send alice hi"), {
    type: "actions",
    actions: [{ type: "sendDirect", to: "alice", text: "hi" }],
  });
  assertEquals(read(WITH_BOB, "/usr/bin is a folder")?.type, "wrong");
  assertEquals(read(WITH_BOB, "   "), undefined);
});

Deno.test("without a nick the history is that of the conversation", () => {
  const peers = (conversation: Conversation | undefined, line: string) => {
    const result = read(conversation, line);
    const actions = result?.type === "actions" ? result.actions : [];
    return actions.map((action) => action.type === "readHistory" && action.query.peer);
  };
  assertEquals(peers(WITH_BOB, "/history"), ["bob"]);
  assertEquals(peers(WITH_BOB, "/history carol"), ["carol"]);
  assertEquals(peers(WITH_BOB, "/history --all"), [undefined]);
  assertEquals(peers(CHANNEL, "/history"), [null]);
  assertEquals(peers(undefined, "history"), [null]);
});

Deno.test("two slashes send one", () => {
  assertEquals(read(WITH_BOB, "//usr/bin is a folder"), toBob("/usr/bin is a folder"));
  assertEquals(read(WITH_BOB, "///"), toBob("//"));
});

Deno.test("the channel is a conversation with everybody", () => {
  const said: Said = { type: "said", to: undefined, text: "quit" };
  assertEquals(read(CHANNEL, "quit"), said);
  assertEquals(sendingOf(said), { type: "sendChannel", text: "quit" });
});

Deno.test("a line that lacks its end is not sent, and its length counts from the text on", () => {
  assertEquals(readLine(commands, WITH_BOB, "hello", 5), { type: "tooLong", bytes: 10 });
  assertEquals(readLine(commands, WITH_BOB, "//ab", 5), { type: "tooLong", bytes: 8 });
  assertEquals(readLine(commands, undefined, "send bob hello", 5), { type: "tooLong", bytes: 10 });
});

Deno.test("the prompt says where lines go, and no nick can be the channel's", () => {
  assertEquals(promptOf(undefined), ">>> ");
  assertEquals(promptOf(WITH_BOB), "bob> ");
  assertEquals(promptOf(CHANNEL), "#channel> ");
});

Deno.test("a script that begins a conversation comes online", () => {
  const input = (text: string) => [new TextEncoder().encode(text)];
  assertEquals(onlySends(commands, input("/send bob hi\nquit\n")), true);
  assertEquals(onlySends(commands, input("talk bob\nhi\n")), false);
});

Deno.test("Tab: commands with their slash, and nicks anywhere in a message", () => {
  const nicks = ["bob", "Pete", "peter"];
  const complete = (conversation: Conversation | undefined, before: string) =>
    completions(commands, nicks, conversation, before);
  assertEquals(complete(undefined, "pe"), ["peers"]);
  assertEquals(complete(undefined, "/pe"), ["/peers"]);
  assertEquals(complete(undefined, "help pe"), ["peers"]);
  assertEquals(complete(undefined, "/help pe"), ["peers"]);
  assertEquals(complete(undefined, "send b"), ["bob"]);
  assertEquals(complete(undefined, "send bob b"), []);
  assertEquals(complete(WITH_BOB, "/pe"), ["/peers"]);
  assertEquals(complete(WITH_BOB, "pe"), ["Pete", "peter"]);
  assertEquals(complete(WITH_BOB, "did you ask pe"), ["Pete", "peter"]);
  assertEquals(complete(WITH_BOB, "/talk b"), ["bob"]);
  const files = (begin: string) => [`${begin}.txt`];
  assertEquals(completions(commands, nicks, WITH_BOB, "look at ./a", files), ["./a.txt"]);
  assertEquals(completions(commands, nicks, undefined, "send bob ~/a", files), ["~/a.txt"]);
  assertEquals(completions(commands, nicks, WITH_BOB, "/pe", files), ["/peers"]);
});
