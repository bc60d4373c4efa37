/** The exit statuses of commands that use the engine (docs/scripts.md), one by one. */
import { assertEquals } from "@std/assert";
import type { MessageState, Notice } from "../../core/notice.ts";
import { isRetryable, statusOf, statusOfReason } from "../../programs/statuses.ts";

function sent(state: MessageState, why?: Notice) {
  return { id: "0".repeat(32), to: "bob", state, why, isSilent: false };
}

Deno.test("0 only if the message has come as far as was asked for", () => {
  const states = ["queued", "sent", "stored", "delivered"] as const;
  const table = ["sent", "stored", "delivered"].map((wanted) =>
    states.map((state) => statusOf(sent(state), wanted as MessageState))
  );
  assertEquals(table, [[5, 0, 0, 0], [5, 5, 0, 0], [5, 5, 3, 0]]);
});

Deno.test("each reason has its status", () => {
  const failed = (failure: Extract<Notice, { type: "failed" }>["failure"]): Notice => (
    { type: "failed", to: "bob", failure }
  );
  const table: readonly [Notice | undefined, number][] = [
    [failed("unknown"), 7],
    [{ type: "unknownPeer", nick: "bob" }, 7],
    [failed("quota"), 6],
    [failed("full"), 6],
    [failed("rate"), 6],
    [{ type: "tooMany", count: 1 }, 6],
    [{ type: "nicksExhausted", forNow: true }, 6],
    [failed("refused"), 4],
    [failed("revoked"), 4],
    [{ type: "peerKeyChanged", nick: "bob" }, 4],
    [{ type: "nickOfAnotherKey", nick: "bob" }, 4],
    [{ type: "nickOnline", nick: "bob" }, 4],
    [failed("too old"), 1],
    [failed("unreadable"), 1],
    [undefined, 1],
  ];
  for (const [why, status] of table) {
    assertEquals(statusOfReason(why), status, JSON.stringify(why));
    assertEquals(statusOf(sent("failed", why), "stored"), status);
  }
  assertEquals([0, 1, 3, 4, 5, 6, 7].filter(isRetryable), [5, 6]);
});
