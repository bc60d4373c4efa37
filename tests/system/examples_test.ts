/**
 * Every example of scripts is run: those of the README, of docs/scripts.md and of the man page. Alice is who
 * reads them: bob has written to her, and can be written to.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { EXAMPLES } from "../../commands/_man_page.ts";
import { SCHEMA } from "../../programs/schema.ts";
import { violations } from "../kit/json_schema.ts";
import { PERMISSIONS, PROJECT } from "../kit/program.ts";
import { Host, isOnline, type Run } from "./host.ts";

const README = Deno.readTextFileSync(`${PROJECT}/README.md`);
const SECTION = README.slice(README.indexOf("### Scripts, bots and agents"), README.indexOf("### Pipes"));
const DOCUMENT = Deno.readTextFileSync(`${PROJECT}/docs/scripts.md`);
const HAS_JQ = Deno.env.get("PATH")!.split(":").some((folder) => {
  try {
    return Deno.statSync(`${folder}/jq`).isFile;
  } catch {
    return false;
  }
});

/** The blocks of a document that are indented. */
function blocksOf(document: string): string[] {
  return (document.match(/(?:^ {4}.*\n)+/gm) ?? []).map((block) => block.replaceAll(/^ {4}/gm, "").trimEnd());
}

/** A folder with a program `parley`, which knows where the server of the test is. */
async function binFor(host: Host): Promise<string> {
  const bin = `${host.folder}/bin`;
  await Deno.mkdir(bin);
  const main = [Deno.execPath(), "run", "--no-prompt", ...PERMISSIONS, "--allow-run", `${PROJECT}/main.ts`]
    .join(" ");
  const text = `#!/bin/sh\nPARLEY_SERVER=127.0.0.1 PARLEY_SERVER_PORT=${host.port} exec ${main} "$@"\n`;
  await Deno.writeTextFile(`${bin}/parley`, text, { mode: 0o755 });
  return bin;
}

/** A scene, and what runs a line of a shell in it. */
class Scene implements AsyncDisposable {
  readonly #host: Host;
  readonly #env: Record<string, string>;

  private constructor(host: Host, bin: string) {
    this.#host = host;
    this.#env = { PATH: `${bin}:${Deno.env.get("PATH")}`, PARLEY_NICK: "alice" };
  }

  static async create(): Promise<Scene> {
    const host = await Host.withServer();
    const bin = await binFor(host);
    await Deno.writeTextFile(`${bin}/make`, "#!/bin/sh\n", { mode: 0o755 });
    await Deno.writeTextFile(`${host.folder}/print.sh`, '#!/bin/sh\necho "$EVENT_TEXT"\n', { mode: 0o755 });
    for (const nick of ["alice", "bob"]) await host.beenThere(nick);
    return new Scene(host, bin);
  }

  /** Runs lines as a shell does. */
  shell(lines: string): Run {
    return this.#host.run([lines], { shell: lines, env: this.#env });
  }

  /** Runs lines that end by themselves; returns what they print. */
  async runs(lines: string): Promise<string> {
    const run = this.shell(lines);
    await run.endInput();
    assertEquals([await run.status, lines, run.error.text], [0, lines, run.error.text]);
    return run.output.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }
}

const MAN_PAGE = EXAMPLES.filter(([, [name = ""]]) => !["server", "client"].includes(name))
  .map(([, words]) => `parley ${words.join(" ")}`);
const COMMANDS = blocksOf(DOCUMENT).join("\n").split("\n").filter((line) => /\bparley [a-z]/.test(line));

Deno.test("the commands of docs/scripts.md and of the man page do what they are for", async () => {
  await using scene = await Scene.create();
  const bob = scene.shell("exec parley daemon -n bob");
  await bob.sees(isOnline("bob"));
  assert(COMMANDS.length >= 6 && MAN_PAGE.length >= 5);
  for (const command of [...COMMANDS, ...MAN_PAGE]) {
    if (command.includes("| jq") && !HAS_JQ) {
      console.log(`left out, there is no jq here: ${command}`);
      continue;
    }
    await scene.runs("parley send alice 'from bob' -n bob");
    if (command.includes("listen")) {
      const listener = scene.shell(`exec ${command}`);
      // A printer that is new begins with what comes once it is there.
      while (!listener.output.hasEnded && !listener.output.text.includes("again")) {
        await scene.runs("parley send alice again -n bob");
      }
      listener.kill("SIGTERM");
      assertEquals(await listener.status, 0);
      continue;
    }
    const [id = ""] = (await scene.runs("parley inbox")).split(" ");
    await scene.runs(command.replaceAll("ID", id));
  }
});

Deno.test("what docs/scripts.md shows as JSON is as the schema says", () => {
  const lines = blocksOf(DOCUMENT).join("\n").split("\n").filter((line) => line.startsWith("{"));
  assert(lines.length >= 3);
  // Ids are cut there.
  const whole = (line: string) => line.replace(/([0-9a-f]+)\.\.\./, (_, begin) => begin.padEnd(32, "0"));
  for (const line of lines) assertEquals(violations(JSON.parse(whole(line)), SCHEMA, SCHEMA), [], line);
});

Deno.test("a shell shows what the README shows", async () => {
  await using scene = await Scene.create();
  const [block = ""] = blocksOf(SECTION);
  assertMatch(block, /^\$ parley send/);
  const lines = block.split("\n");
  const commands = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  const shown = lines.filter((line) => !line.startsWith("$ "));
  assertEquals((await scene.runs(commands.join("\n"))).trimEnd(), shown.join("\n"));
});

/** The code blocks of the README in this language, under the heading about bots. */
function botIn(language: string): string {
  const [, code = ""] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(SECTION) ?? [];
  assert(code !== "" && code.split("\n").length <= 40);
  return code;
}

for (const language of ["sh", "ts"]) {
  const needsJq = language === "sh" && !HAS_JQ;
  Deno.test({
    name: `the bot of the README in ${language} answers, killed or not${
      needsJq ? " (left out: no jq here)" : ""
    }`,
    ignore: needsJq,
    fn: async () => {
      await using host = await Host.withServer();
      const bin = await binFor(host);
      await Deno.writeTextFile(`${host.folder}/bot.${language}`, botIn(language));
      const run = language === "sh"
        ? "sh bot.sh"
        : '"$1" run --no-prompt --allow-run --allow-read --allow-env bot.ts';
      // It is a group of processes, which end with the input.
      const shell = `set -m; ${run} & pid=$!; read -r line; kill -- -$pid; wait`;
      const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
      const alice = await host.online("alice");
      const bot = host.run(["bot"], { shell, env });
      await alice.sees(isOnline("bot"));
      await alice.say("send bot ping");
      await alice.sees("bot: pong");
      await bot.endInput();
      await bot.status;
      await alice.endInput();
      assertEquals(await alice.status, 0);
    },
  });
}
