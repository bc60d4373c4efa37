/** What a state folder forgets when its identity gets a successor. */
import { assertEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { handOver } from "../../../core/durable/hand_over.ts";
import { OUTBOX, PREKEY, SENT } from "../../../core/durable/records.ts";
import { BODY, ID, KEY, TOP_ID } from "../../kit/samples.ts";

const NOW = 2000;
const HASH = "ab".repeat(32);
const MESSAGE = {
  after: [TOP_ID],
  to: ["y"],
  writtenAt: 1,
  sentAt: 1,
  stored: false,
  text: "hi",
  edition: 1,
};

Deno.test("the prekey of the day is superseded, and what was sealed is to be sealed again; the rest stays", () => {
  const records = [
    [OUTBOX.key(ID), OUTBOX.encode({ ...MESSAGE, sealing: [{ ephemeral: KEY, proof: HASH, body: BODY }] })],
    [OUTBOX.key(TOP_ID), OUTBOX.encode({ ...MESSAGE, sealing: [] })],
    [PREKEY.key("aa"), PREKEY.encode({ secret: KEY, at: 1000, counter: 1, supersededAt: 1500 })],
    [PREKEY.key("bb"), PREKEY.encode({ secret: KEY, at: 1500, counter: 2, supersededAt: 0 })],
    [SENT.keyFor("y"), SENT.encode({ id: ID, hash: HASH })],
  ] as const;
  const changes = handOver(NOW, records).map((change) => change.type === "save" && change);
  const values = new Map(
    changes.map((change) => change ? [change.key, change.value] : ["", new Uint8Array(0)]),
  );
  assertEquals([...values.keys()], [PREKEY.key("bb"), OUTBOX.key(ID)]);
  const prekey = PREKEY.decode(values.get(PREKEY.key("bb"))!);
  assertEquals(prekey, { secret: KEY, at: 1500, counter: 2, supersededAt: NOW });
  const message = OUTBOX.decode(values.get(OUTBOX.key(ID))!);
  assertEquals(message !== MALFORMED && message, { ...MESSAGE, sealing: [] });
});
