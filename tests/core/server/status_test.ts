/** What a server says of itself to its operator. */
import { assertEquals } from "@std/assert";
import { SILENCE_MS } from "../../../core/base/limits.ts";
import { World } from "../../kit/world.ts";

/** How much of a limit is used, and the limit. */
function limit({ server }: World, name: string): [used: number, most: number] | undefined {
  const found = server.status.limits.find((one) => one.name === name);
  return found && [found.used, found.most];
}

Deno.test("a server that has just started has nothing", () => {
  const { status } = new World().server;
  const { members, links, mail, channel, counts, limits } = status;
  assertEquals({ members, links, mail, channel }, {
    members: { online: 0, known: 0 },
    links: 0,
    mail: { letters: 0, bytes: 0, receipts: 0, oldestMs: null },
    channel: { messages: 0, bytes: 0 },
  });
  assertEquals([counts.messages, counts.handshakes, counts.rejected], [0, 0, {}]);
  assertEquals(Object.values(counts.dropped).filter((count) => count > 0), []);
  assertEquals(limits.filter(({ used }) => used > 0), []);
  assertEquals(limits.filter(({ most }) => most <= 0), []);
});

Deno.test("members, links, mail and how long it waits, posts and sessions are counted", () => {
  const world = new World();
  const { server } = world;
  const { alice, bob } = world.clients("alice", "bob");
  assertEquals([server.status.members, server.status.links], [{ online: 2, known: 2 }, 2]);
  assertEquals(server.status.counts.handshakes, 2);
  bob.types("quit");
  world.runs(1000);
  assertEquals(server.status.members, { online: 1, known: 2 });
  alice.types("send bob one");
  world.runs(1000);
  alice.types("send bob two");
  alice.types("send_all to everybody");
  world.runs(60_000);
  const { mail, channel, counts } = server.status;
  assertEquals([mail.letters, channel.messages, counts.messages], [2, 1, 3]);
  assertEquals([mail.oldestMs! >= 60_000, mail.oldestMs! < 62_000], [true, true]);
  assertEquals(limit(world, "nicks"), [2, 100_000]);
  assertEquals(limit(world, "letters of the fullest mailbox"), [2, 1000]);
  assertEquals(limit(world, "bytes of mail")?.[0], mail.bytes);
  assertEquals(limit(world, "bytes of the channel")?.[0], channel.bytes);

  // What is on disk is counted after a restart as well, what has happened since the start is not.
  server.restarts();
  assertEquals([server.status.mail.letters, server.status.channel.messages], [2, 1]);
  assertEquals(server.status.counts.messages, 0);
  bob.starts();
  world.runs(1000);
  const after = server.status;
  assertEquals([after.mail.letters, after.mail.oldestMs, after.mail.receipts], [0, null, 2]);
});

Deno.test("what comes from strangers is counted by what is wrong with it", () => {
  const world = new World();
  for (let count = 0; count < 3; count++) {
    world.server.receives({ host: "10.6.6.6", port: 6 }, new Uint8Array(1 + count).fill(0x4f));
  }
  world.runs(1000);
  const { counts } = world.server.status;
  assertEquals(counts.dropped, { malformed: 3, rate: 0, handshake: 0, packet: 0, unasked: 0, full: 0 });
});

Deno.test("a member that is silent for too long is not online", () => {
  const world = new World();
  const { bob } = world.clients("bob");
  bob.isKilled();
  world.runs(2 * SILENCE_MS);
  assertEquals(world.server.status.members, { online: 0, known: 1 });
});
