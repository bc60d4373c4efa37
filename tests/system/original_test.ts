/** The three test cases of the original, as its README shows them. */
import { assert, assertEquals } from "@std/assert";
import { Host, isOffline, isOnline, type Run } from "./host.ts";
import { checkInTime, inTime } from "./in_time.ts";
import { ORIGINAL } from "./original_transcripts.ts";

/** Lines that the original does not have. */
const ADDED =
  /^(\[New server 'test', its key is [0-9a-f]{64}\]|\[New identity for \w: .*|\[Message received by Server\.\]|\[\w has collected 1 message\.\]|\[1 message waits and leaves .*)$/;

Deno.test("test case 1: messages, messages for somebody offline, and their collection", () =>
  inTime(async () => {
    await using host = await Host.withServer();
    const x = await host.onTerminal("x");
    const y = await host.onTerminal("y", ["x"]);
    await x.sees(isOnline("y"));
    const z = await host.onTerminal("z", ["x", "y"]);
    await x.sees(isOnline("z"));
    await y.sees(isOnline("z"));

    await send(x, "x", y, "y");
    await send(x, "x", z, "z");
    await send(y, "y", x, "x");
    await send(y, "y", z, "z");
    await send(z, "z", x, "x");
    await send(z, "z", y, "y");

    await x.say("dereg x");
    await x.sees("[You are Offline. Bye.]");
    await y.sees(isOffline("x"));
    await z.sees(isOffline("x"));
    for (const [session, nick] of [[y, "y"], [z, "z"]] as const) {
      await session.say(`send x MSG post-dereg from ${nick}`);
      await session.sees("SERVER: [Message received by the server and saved]");
    }
    await x.say("reg x");
    await x.sees(/z: .* MSG post-dereg from z\n/);
    for (const session of [y, z]) {
      await session.sees(isOnline("x"));
      await session.sees("[x has collected 1 message.]");
    }
    // Whoever leaves later sees the others go, which the original does not show.
    const sessions = [[x, ORIGINAL.test1.x], [y, ORIGINAL.test1.y], [z, ORIGINAL.test1.z]] as const;
    const screens = sessions.map(([session]) => session.screen);
    for (const [index, [session, transcript]] of sessions.entries()) {
      await session.type("\x03");
      assertEquals(await session.status, 0);
      assertEquals(essence([...screens[index]!, session.screen.at(-1)!]), essence(transcript.split("\n")));
    }

    const [, port] = /^Client IP->127\.0\.0\.1 Port->(\d+)$/m.exec(x.screen.join("\n")) ?? [];
    assert(x.screen.includes(`x @ 127.0.0.1:${port} is ONLINE`));
  }));

Deno.test("test case 2: a message when the server has gone", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = await host.onTerminal("x");
  const y = await host.onTerminal("y", ["x"]);
  await x.sees(isOnline("y"));
  await y.say("dereg y");
  await y.sees("[You are Offline. Bye.]");
  await x.sees(isOffline("y"));

  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
  await x.say("send y MSG post-exit server");
  assertEquals(await x.status, 1);

  assertEquals(essence(x.screen), essence(ORIGINAL.test2.x.split("\n")));
  assertEquals(essence(y.screen), essence(ORIGINAL.test2.y.split("\n")));
  assertEquals(x.screen.slice(-3), [
    "[Server not responding.]",
    "[1 message waits and leaves at the next start.]",
    "[Exiting.]",
  ]);

  await host.startServer();
  const again = await host.onTerminal("x");
  await again.sees("SERVER: [Message received by the server and saved]");
  await y.say("reg y");
  await y.sees(/^x: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} MSG post-exit server\n/m);
});

Deno.test("test case 3: a message to all", async () => {
  await using host = await Host.withServer();
  const x = await host.onTerminal("x");
  const y = await host.onTerminal("y", ["x"]);
  await x.sees(isOnline("y"));
  const z = await host.onTerminal("z", ["x", "y"]);
  await x.sees(isOnline("z"));
  await y.sees(isOnline("z"));

  await x.say("send_all Broadcast message x->y, z ");
  await x.sees("[Message received by Server.]");
  await y.sees("[Channel_Message x: Broadcast message x->y, z]");
  await z.sees("[Channel_Message x: Broadcast message x->y, z]");

  assertEquals(essence(x.screen), essence(ORIGINAL.test3.x.split("\n")));
  assertEquals(essence(y.screen), essence(ORIGINAL.test3.y.split("\n")));
  assertEquals(essence(z.screen), essence(ORIGINAL.test3.z.split("\n")));
});

async function send(from: Run, sender: string, to: Run, recipient: string): Promise<void> {
  await from.say(`send ${recipient} MSG ${sender}->${recipient}`);
  await to.sees(`${sender}: MSG ${sender}->${recipient}`);
  await from.sees(new RegExp(`^\\[(Message received by|No ACK from) ${recipient}\\b.*\n`, "m"));
  checkInTime(from);
}

/**
 * The lines that count: no prompts, no addresses, no times, none that only one of the programs has, and a
 * table only when it is another one than before.
 */
function essence(screen: readonly string[]): string[] {
  const plain = screen
    .map((line) => line.replace(/^(>>> )+|^>>>$/, "").replace("^C", "").trimEnd())
    .filter((line) => line !== "" && !ADDED.test(line))
    .map((line) =>
      line.replace(/\d+\.\d+\.\d+\.\d+:\d+/, "ADDRESS").replace(/IP->\S+ Port->\d+/, "ADDRESS")
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/, "TIME")
    );
  const lines: string[] = [];
  let table = "";
  for (let at = 0; at < plain.length;) {
    let end = at + 1;
    if (plain[at] === "[Client table updated.]") {
      while (/ is (ONLINE|OFFLINE)$/.test(plain[end] ?? "")) end++;
      if (plain.slice(at, end).join("\n") !== table) lines.push(...plain.slice(at, end));
      table = plain.slice(at, end).join("\n");
    } else lines.push(plain[at]!);
    at = end;
  }
  return lines;
}
