/** The signs of messages that were sent in conversations. */
import { assertEquals } from "@std/assert";
import type { Failure, MessageState, Notice } from "../../core/notice.ts";
import { OwnMessages, SIGNS } from "../../programs/own_messages.ts";

const ID = "0123456789abcdef0123456789abcdef";

function stateOf(once: string, state: MessageState, failure?: Failure) {
  return { type: "messageState", id: ID, to: "bob", state, failure, once } as const satisfies Notice;
}

function begun(...names: string[]): OwnMessages {
  const own = new OwnMessages();
  for (const name of names) own.begin(name, { type: "said", to: "bob", text: `text of ${name}` });
  return own;
}

Deno.test("the sign changes with the state, and stays where the state looks the same", () => {
  const own = begun("a");
  const signs = (["queued", "sent", "stored", "delivered"] as const).map((state) =>
    own.note(stateOf("a", state))?.sign
  );
  assertEquals(signs, ["·", undefined, ">", "✓"]);
  assertEquals(own.note(stateOf("a", "delivered")), undefined, "it is over");
  assertEquals(own.note(stateOf("b", "delivered")), undefined, "nobody has sent it here");
});

Deno.test("a message out of sight is told of by the line that outside of conversations tells it", () => {
  const own = begun("a", "b");
  own.note(stateOf("a", "queued"));
  assertEquals(own.note(stateOf("a", "stored"))?.correction, { type: "stored" });
  assertEquals(own.note(stateOf("a", "delivered"))?.correction, {
    type: "delivered",
    to: "bob",
    text: "text of a",
  });
});

Deno.test("a failure has a sign, and a reason in words", () => {
  const own = begun("a");
  own.note(stateOf("a", "queued"));
  assertEquals(own.note(stateOf("a", "failed", "quota")), {
    sign: SIGNS.failed,
    correction: undefined,
    reason: { type: "failed", to: "bob", failure: "quota" },
  });
});

Deno.test("a message that the client did not take is marked as failed, and why is told by the client", () => {
  const own = begun("a", "b");
  assertEquals(own.covers({ type: "unknownPeer", nick: "bob" }, "a"), false);
  assertEquals(own.settled("a"), SIGNS.failed);
  own.note(stateOf("b", "queued"));
  assertEquals(own.settled("b"), undefined);
});

Deno.test("signs take the place of the receipts of their messages", () => {
  const own = begun("a");
  own.note(stateOf("a", "queued"));
  assertEquals(own.covers({ type: "delivered", to: "bob", text: undefined }, "a"), true);
  assertEquals(own.covers({ type: "unanswered", to: "bob" }, "a"), true);
  assertEquals(own.covers({ type: "waitsForKeys", to: "bob" }, "a"), false);
});
