/**
 * No text of a direct message is ever in the server's files or memory, whichever way it took. That of a channel message
 * is, unless there is a channel key: which shows that it would be found.
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { formsOf, type Search } from "./memory_search.ts";
import { PROJECT, type Session, World } from "./session.ts";

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
  await writer.write(new TextEncoder().encode(`${text}\n`)).then(() => writer.close()).catch(() => {});
  const { stdout } = await helper.output();
  const isFound = new TextDecoder().decode(stdout).includes("UTF-8 in [stack]");
  return isFound ? undefined : "the system does not let a process read its child's memory";
}

const whyNot = await whyNotHere();

/** A server whose memory can be looked through. */
class OpenServer implements AsyncDisposable {
  readonly #session: Session;
  readonly #files: string;

  private constructor(session: Session, files: string) {
    this.#session = session;
    this.#files = files;
  }

  static async start(world: World): Promise<OpenServer> {
    const words = HELPER.map((word) => `'${word}'`).join(" ");
    const session = await world.startServer([], { shell: `exec ${words} "$@"` });
    return new OpenServer(session, world.folder);
  }

  /** Where a text is to be found: in memory, in the files of the server's data, in its log. */
  async placesOf(text: string): Promise<string[]> {
    await this.#session.say(text);
    const [answer] = await this.#session.sees(/^\{.*\}$/m);
    const { bytes, found }: Search = JSON.parse(answer);
    assert(bytes > LEAST_BYTES, `only ${bytes} bytes`);
    const places = found.map((place) => place.replace(/^(.*) in .*$/, "memory: $1"));
    const files = [...Deno.readDirSync(this.#files)].filter(({ name }) => name.startsWith("server.db"));
    assert(files.length > 1, "the data and their log");
    const contents = new Map(
      files.map(({ name }) => [name, Buffer.from(Deno.readFileSync(`${this.#files}/${name}`))]),
    );
    contents.set("log", Buffer.from(this.#session.error.text));
    for (const [name, content] of contents) {
      for (const [form, wanted] of formsOf(text)) {
        if (content.includes(wanted)) places.push(`${name}: ${form}`);
      }
    }
    return [...new Set(places)].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.endInput();
    assertEquals(await this.#session.status, 0, this.#session.error.text);
  }
}

const STORED = "SERVER: [Message received by the server and saved]";

Deno.test({
  name: "no text of a direct message is in the server's files or memory" +
    (whyNot === undefined ? "" : ` (left out: ${whyNot})`),
  ignore: whyNot !== undefined,
  fn: async () => {
    await using world = await World.create();
    await using server = await OpenServer.start(world);
    const texts: string[] = [];
    const send = async (from: Session, to: string, text: string) => {
      texts.push(text);
      await from.say(`send ${to} ${text}`);
    };
    const checkAll = async (when: string) => {
      for (const text of texts) assertEquals(await server.placesOf(text), [], `${when}: ${text}`);
    };

    await world.beenThere("y");
    const x = await world.online("x");
    await x.say("send_all the lamp of the harbour is green");
    await x.sees("[Message received by Server.]");
    await send(x, "y", "the heron waits for nobody");
    await x.sees(STORED);
    await send(x, "y", "der Reiher wartet auf Möwen 漢字");
    await x.sees(STORED);
    await send(x, "y", `${"and long it is ".repeat(400)}to the end of the pier`);
    await x.sees(STORED);
    await checkAll("while it waits");

    const y = await world.online("y");
    await y.sees(/x: .* the heron waits for nobody\n/);
    await y.sees(/to the end of the pier\n/);
    await x.sees("[y has collected 3 messages.]");
    await checkAll("after it was collected");

    await send(x, "y", "the boat leaves from the other side");
    await y.sees("x: the boat leaves from the other side");
    await send(y, "x", "then we have to swim for it");
    await x.sees("y: then we have to swim for it");
    await x.sees("[Message received by y.]").catch(() => {});
    await y.endInput();
    assertEquals(await y.status, 0);
    await send(x, "y", "and tomorrow is another day");
    await x.sees(STORED);
    await checkAll("at the end");

    const places = await server.placesOf("the lamp of the harbour is green");
    assert(places.includes("memory: UTF-8"), `${places}`);
    assert(places.some((place) => /^server\.db(-wal)?: UTF-8$/.test(place)), `${places}`);
  },
});
