import { assertEquals } from "@std/assert";
import type { Row } from "../../../core/messages/table.ts";
import { ClientStage, row } from "./receiver_scene.ts";

const START = 1;

/** What the client has asked of rows since a test looked last: nicks, or the version that it has. */
function asked({ server }: ClientStage): (string | number)[] {
  const heard = server.heard.splice(0);
  return heard.flatMap((verb): (string | number)[] => {
    if (verb.type === "lookup") return [verb.name];
    return verb.type === "rowsSince" ? [verb.version.counter] : [];
  });
}

/** The table says of somebody's row what is not about keys. */
function presence(stage: ClientStage, { addresses, nick }: Row, keysChange: number, upTo: number): void {
  const changed = { nick, keysChange, online: false, addresses };
  const since = { start: START, counter: upTo - 1 };
  stage.serverSays({ type: "presence", since, upTo, newest: upTo, presence: [changed] });
}

function peers(stage: ClientStage): string[] {
  stage.lines();
  stage.acts({ type: "listPeers" });
  return stage.lines().slice(1).map((line) => line.replace(/ @ .* is /, " "));
}

Deno.test("a push overtakes the part of an answer in which a row was: the row is asked for, then the push counts", () => {
  const stage = new ClientStage();
  const [alice, carol] = [stage.peer("alice"), stage.peer("carol")];
  stage.registered(row(alice));
  assertEquals(peers(stage), ["alice ONLINE"]);
  asked(stage);
  presence(stage, row(carol), 1, 2);
  assertEquals(asked(stage), ["carol"]);
  assertEquals(peers(stage), ["alice ONLINE"]);
  stage.serverSays({ type: "found", version: { start: START, counter: 2 }, rows: [row(carol)] });
  assertEquals(asked(stage), [1]);
  presence(stage, row(carol), 1, 2);
  assertEquals(peers(stage), ["alice ONLINE", "carol OFFLINE"]);
  assertEquals(asked(stage), []);
});

Deno.test("the same where the row is here, and its keys have changed since", () => {
  const stage = new ClientStage();
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.serverSays({ type: "rows", since: { start: START, counter: 1 }, upTo: 3, newest: 3, rows: [] });
  asked(stage);
  presence(stage, row(alice), 2, 4);
  assertEquals(asked(stage), ["alice"]);
  assertEquals(peers(stage), ["alice ONLINE"]);
  stage.serverSays({ type: "found", version: { start: START, counter: 4 }, rows: [row(alice)] });
  presence(stage, row(alice), 2, 4);
  assertEquals(peers(stage), ["alice OFFLINE"]);
});

Deno.test("a row whose owner has not signed its keys is asked for once, and then passed over", () => {
  const stage = new ClientStage();
  const [alice, carol] = [stage.peer("alice"), stage.peer("carol")];
  stage.registered(row(alice));
  presence(stage, row(carol), 1, 2);
  const forged = row(carol, { prekey: "9e".repeat(32) });
  stage.serverSays({ type: "found", version: { start: START, counter: 2 }, rows: [forged] });
  asked(stage);
  presence(stage, row(carol), 1, 2);
  presence(stage, row(carol), 1, 3);
  assertEquals(asked(stage), []);
  assertEquals(peers(stage), ["alice ONLINE"]);
});
