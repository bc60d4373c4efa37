/**
 * No text of a direct message is ever in the server's files or memory, whichever way it took. That of a
 * channel message is, unless there is a channel key: which shows that it would be found.
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { PROJECT } from "../kit/program.ts";
import { Host, type Run } from "./host.ts";
import { formsOf, type Search } from "./memory_search.ts";

const SEARCH = `${PROJECT}/tests/system/memory_search.ts`;
const HELPER = [Deno.execPath(), "run", "--quiet", "-A", SEARCH];

/** Less than this is not the memory of a server. */
const LEAST_BYTES = 20 * 1024 * 1024;

/** Whether a parent may read its child's memory here: that of `cat`, which has its environment in it. */
async function whyNotHere(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "needs Linux's /proc";
  const [program = "", ...args] = [...HELPER, "cat"];
  const text = "a text in the environment";
  const streams = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  const helper = new Deno.Command(program, { args, env: { PARLEY_TEST: text }, ...streams }).spawn();
  const writer = helper.stdin.getWriter();
  // It may have ended already.
  await writer.write(new TextEncoder().encode(`${JSON.stringify([text])}\n`)).then(() => writer.close())
    .catch(() => {});
  const { stdout } = await helper.output();
  const isFound = new TextDecoder().decode(stdout).includes("UTF-8 in [stack]");
  return isFound ? undefined : "the system does not let a process read its child's memory";
}

const whyNot = await whyNotHere();

/** A server whose memory can be looked through. */
class OpenServer implements AsyncDisposable {
  readonly #session: Run;
  readonly #folder: string;

  private constructor(session: Run, folder: string) {
    this.#session = session;
    this.#folder = folder;
  }

  static async start(host: Host): Promise<OpenServer> {
    const words = HELPER.map((word) => `'${word}'`).join(" ");
    const session = await host.startServer([], { shell: `exec ${words} "$@"` });
    return new OpenServer(session, host.folder);
  }

  /** Where each of these texts is to be found: in memory, in the files of the server's data, in its log. */
  async placesOf(texts: readonly string[]): Promise<Record<string, string[]>> {
    await this.#session.say(JSON.stringify(texts));
    const [answer] = await this.#session.sees(/^\{.*\}$/m);
    const { bytes, found }: Search = JSON.parse(answer);
    assert(bytes > LEAST_BYTES, `only ${bytes} bytes`);
    const files = [...Deno.readDirSync(this.#folder)].filter(({ name }) => name.startsWith("server.db"));
    assert(files.length > 1, "the data, and what SQLite logs of them");
    const contents = files.map(({ name }) => [name, Deno.readFileSync(`${this.#folder}/${name}`)] as const);
    const log = ["log", new TextEncoder().encode(this.#session.error.text)] as const;
    return Object.fromEntries(texts.map((text) => {
      const places = found[text]!.map((place) => `memory: ${place}`);
      for (const [name, content] of [...contents, log]) {
        const characters = Buffer.from(content).toString("latin1");
        for (const [form, wanted] of Object.entries(formsOf(text))) {
          if (characters.includes(wanted)) places.push(`${name}: ${form}`);
        }
      }
      return [text, places];
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.endInput();
    assertEquals(await this.#session.status, 0, this.#session.error.text);
  }
}

const CHANNEL_TEXT = "the lamp of the harbour is green";
const STORED = "SERVER: [Message received by the server and saved]";

Deno.test({
  name: "no text of a direct message is in the server's files or memory" +
    (whyNot === undefined ? "" : ` (left out: ${whyNot})`),
  ignore: whyNot !== undefined,
  fn: async () => {
    await using host = await Host.create();
    await using server = await OpenServer.start(host);
    const texts: string[] = [];
    const send = async (from: Run, to: string, text: string) => {
      texts.push(text);
      await from.say(`send ${to} ${text}`);
    };
    const checkAll = async () => {
      assertEquals(await server.placesOf(texts), Object.fromEntries(texts.map((text) => [text, []])));
    };

    await host.beenThere("y");
    const x = await host.online("x");
    await x.say(`send_all ${CHANNEL_TEXT}`);
    await x.sees("[Message received by Server.]");

    // By way of the server.
    await send(x, "y", "the heron waits for nobody");
    await x.sees(STORED);
    await send(x, "y", "der Reiher wartet auf Möwen 漢字");
    await x.sees(STORED);
    await send(x, "y", `${"and long it is ".repeat(400)}to the end of the pier`);
    await x.sees(STORED);
    await checkAll();
    const y = await host.online("y");
    await y.sees(/x: .* the heron waits for nobody\n/);
    await y.sees(/to the end of the pier\n/);
    await x.sees("[y has collected 3 messages.]");
    await checkAll();

    // Directly, both ways.
    await send(x, "y", "the boat leaves from the other side");
    await y.sees("x: the boat leaves from the other side");
    await send(y, "x", "then we have to swim for it");
    await x.sees("y: then we have to swim for it");
    await checkAll();

    // And the last one still waits.
    await y.endInput();
    assertEquals(await y.status, 0);
    await send(x, "y", "tomorrow is another day");
    await x.sees(STORED);
    await checkAll();

    const { [CHANNEL_TEXT]: places = [] } = await server.placesOf([CHANNEL_TEXT]);
    assert(places.some((place) => place.startsWith("memory: UTF-8 in ")), `${places}`);
    assert(places.some((place) => /^server\.db(-wal)?: UTF-8$/.test(place)), `${places}`);
  },
});
