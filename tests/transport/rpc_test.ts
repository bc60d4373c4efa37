import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  RPC_CONNECTIONS,
  RPC_LINE_BYTES,
  RPC_OPEN_REQUESTS,
  RPC_QUEUE_BYTES,
} from "../../core/base/limits.ts";
import { connectRpc, serveRpc } from "../../transport/rpc.ts";
import {
  InvalidParams,
  RPC_CODES,
  type RpcConnection,
  RpcError,
  type RpcHandlers,
  type RpcParams,
} from "../../transport/rpc_connection.ts";
import { ExpectedError } from "../../core/base/expected_error.ts";
import { NetworkError } from "../../transport/udp.ts";
import { seededDice } from "../kit/dice.ts";
import { DENO_FOR_ALL, runAsNobody } from "./nobody.ts";

const BEAT_MS = 3_600_000;

/** A socket in a folder of its own. What is made with it is closed at the end of the test. */
class Place implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = `${this.folder}/it.sock`;
  readonly #ends: (() => unknown)[] = [];

  async serves(handlers: RpcHandlers | ((connection: RpcConnection) => RpcHandlers), beat = BEAT_MS) {
    const accept = typeof handlers === "function" ? handlers : () => handlers;
    const server = await serveRpc(this.path, accept, beat);
    this.#ends.unshift(() => server.close());
    return server;
  }

  async connects(handlers: RpcHandlers = {}, beat = BEAT_MS): Promise<RpcConnection> {
    const connection = await connectRpc(this.path, handlers, beat);
    assert(connection !== undefined);
    this.#ends.unshift(() => connection.close());
    return connection;
  }

  /** A stranger who says any bytes. */
  async raw(): Promise<Raw> {
    const raw = new Raw(await Deno.connect({ transport: "unix", path: this.path }));
    this.#ends.unshift(() => raw.close());
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

class Raw {
  readonly #stream: Deno.UnixConn;
  #text = "";
  #isClosed = false;

  constructor(stream: Deno.UnixConn) {
    this.#stream = stream;
  }

  /** The other end may have closed the connection before it has taken all: what is read tells. */
  async says(line: string | Uint8Array): Promise<void> {
    const bytes = typeof line === "string" ? new TextEncoder().encode(`${line}\n`) : line;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
        throw error;
      }
    }
  }

  /** The next line, or `undefined` at the end. */
  async reads(): Promise<RpcParams | undefined> {
    const buffer = new Uint8Array(65_536);
    while (!this.#text.includes("\n")) {
      const count = await this.#stream.read(buffer).catch(() => null);
      if (count === null) return undefined;
      this.#text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const at = this.#text.indexOf("\n");
    const line = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + 1);
    return JSON.parse(line);
  }

  /** The code of the next error. */
  async isRefused(): Promise<unknown> {
    const { id, error } = await this.reads() as { id: unknown; error: { code: number } };
    return [id, error.code];
  }

  endsInput(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    if (!this.#isClosed) this.#stream.close();
    this.#isClosed = true;
  }
}

const ECHO: RpcHandlers = { methods: { echo: (params) => params } };

async function errorOf(answer: Promise<unknown>): Promise<RpcError> {
  return await assertRejects(() => answer, RpcError);
}

Deno.test("a request is answered, by a value or by a promise, and nothing is null", async () => {
  await using place = new Place();
  await place.serves({
    methods: { echo: (it) => it, later: (it) => Promise.resolve(it["a"]), nothing: () => undefined },
  });
  const client = await place.connects();
  assertEquals(await client.request("echo", { a: ["ü", 1] }), { a: ["ü", 1] });
  assertEquals(await client.request("later", { a: 2 }), 2);
  assertEquals(await client.request("nothing"), null);
});

Deno.test("requests in flight are answered by their ids, in whatever order they are done", async () => {
  await using place = new Place();
  const first = Promise.withResolvers<string>();
  await place.serves({ methods: { first: () => first.promise, second: () => "second" } });
  const client = await place.connects();
  const slow = client.request("first");
  assertEquals(await client.request("second"), "second");
  first.resolve("first");
  assertEquals(await slow, "first");
});

Deno.test("an answer goes to the connection that asked, and the other end may ask as well", async () => {
  await using place = new Place();
  await place.serves((connection) => ({
    methods: { whoAreYou: async () => `you are ${await connection.request("name")}` },
  }));
  const alice = await place.connects({ methods: { name: () => "alice" } });
  const bob = await place.connects({ methods: { name: () => "bob" } });
  const answers = [alice.request("whoAreYou"), bob.request("whoAreYou")];
  assertEquals(await Promise.all(answers), ["you are alice", "you are bob"]);
});

Deno.test("errors have the codes of the specification", async () => {
  await using place = new Place();
  await place.serves({
    methods: {
      picky: ({ n }) => {
        if (typeof n !== "number") throw new InvalidParams("'n' is not a number");
        return n;
      },
      broken: () => Promise.reject(new TypeError("a fault")),
      unable: () => {
        throw new ExpectedError("cannot do that: it is late");
      },
      special: () => {
        throw new RpcError(7, "special", { why: 1 });
      },
    },
  });
  const client = await place.connects();
  assertEquals((await errorOf(client.request("none"))).code, RPC_CODES.unknownMethod);
  assertEquals((await errorOf(client.request("toString"))).code, RPC_CODES.unknownMethod);
  const invalid = await errorOf(client.request("picky"));
  assertEquals([invalid.code, invalid.message], [RPC_CODES.invalidParams, "'n' is not a number"]);
  assertEquals((await errorOf(client.request("broken"))).code, RPC_CODES.fault);
  const unable = await errorOf(client.request("unable"));
  assertEquals([unable.code, unable.message], [RPC_CODES.failed, "cannot do that: it is late"]);
  const special = await errorOf(client.request("special"));
  assertEquals([special.code, special.message, special.data], [7, "special", { why: 1 }]);

  const raw = await place.raw();
  const cases: [string | Uint8Array, unknown, number][] = [
    ["{", null, RPC_CODES.parseError],
    ["", null, RPC_CODES.parseError],
    [new Uint8Array([0x22, 0xff, 0x22, 0x0a]), null, RPC_CODES.parseError],
    ["[]", null, RPC_CODES.invalidRequest],
    ["null", null, RPC_CODES.invalidRequest],
    [`{"id":1,"method":"picky"}`, 1, RPC_CODES.invalidRequest],
    [`{"jsonrpc":"2.0","id":"x"}`, "x", RPC_CODES.invalidRequest],
    [`{"jsonrpc":"2.0","id":{},"method":"picky"}`, null, RPC_CODES.invalidRequest],
    [`{"jsonrpc":"2.0","id":2,"method":3}`, 2, RPC_CODES.invalidRequest],
    [`{"jsonrpc":"2.0","id":"y","method":"picky","params":[1]}`, "y", RPC_CODES.invalidParams],
    ["[".repeat(100_000), null, RPC_CODES.parseError],
  ];
  for (const [line, id, code] of cases) {
    await raw.says(line);
    assertEquals(await raw.isRefused(), [id, code]);
  }
});

Deno.test("what would do something to a terminal is escaped in a line", async () => {
  await using place = new Place();
  await place.serves(ECHO);
  const stream = await Deno.connect({ transport: "unix", path: place.path });
  const text = "\u0007\u007f\u009b\u2028\u202e\u2066\ud800";
  await stream.write(new TextEncoder().encode(
    `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo", params: { text } })}\n`,
  ));
  const buffer = new Uint8Array(1000);
  const line = new TextDecoder().decode(buffer.subarray(0, await stream.read(buffer) ?? 0));
  stream.close();
  assertEquals(
    line,
    `{"jsonrpc":"2.0","id":1,"result":{"text":"\\u0007\\u007f\\u009b\\u2028\\u202e\\u2066\\ud800"}}\n`,
  );
});

Deno.test("notifications come in order, and a request without an id is one", async () => {
  await using place = new Place();
  const told: unknown[] = [];
  const all = Promise.withResolvers<void>();
  await place.serves({
    notified: (method, { n }) => {
      told.push([method, n]);
      if (told.length === 100) all.resolve();
    },
  });
  const client = await place.connects();
  for (let n = 0; n < 100; n++) assert(client.notify("event", { n }));
  await all.promise;
  assertEquals(told, Array.from({ length: 100 }, (_, n) => ["event", n]));
});

Deno.test("the longest line is taken, a longer one is told and ends the connection, others go on", async () => {
  await using place = new Place();
  await place.serves({ methods: { length: ({ text }) => String(text).length } });
  const client = await place.connects();
  const [raw, other] = [await place.raw(), await place.raw()];
  const line = (length: number) => {
    const frame = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "length", params: { text: "" } });
    return frame.replace(`""`, `"${"x".repeat(length - frame.length)}"`);
  };
  await raw.says(line(RPC_LINE_BYTES));
  assertEquals((await raw.reads())?.["id"], 1);
  await raw.says(line(RPC_LINE_BYTES + 1));
  assertEquals(await raw.isRefused(), [null, RPC_CODES.invalidRequest]);
  assertEquals(await raw.reads(), undefined);
  // One without any end is not gathered for ever.
  await other.says(new Uint8Array(RPC_LINE_BYTES + 1).fill(0x20));
  assertEquals(await other.isRefused(), [null, RPC_CODES.invalidRequest]);
  // The own end does not even send it.
  const text = "x".repeat(RPC_LINE_BYTES);
  assertEquals((await errorOf(client.request("length", { text }))).code, RPC_CODES.invalidParams);
  assertEquals(client.notify("event", { text }), false);
  assertEquals(await client.request("length", { text: "abc" }), 3);
});

Deno.test("any bytes draw errors and nothing else, and others are served as before", async () => {
  await using place = new Place();
  await place.serves(ECHO);
  const client = await place.connects();
  const dice = seededDice();
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    `"jsonrpc"`,
    `"2.0"`,
    `"id"`,
    `"method"`,
    `"params"`,
    ":",
    ",",
    "1",
    "null",
    "\n",
  ];
  for (let round = 0; round < 50; round++) {
    const raw = await place.raw();
    const noise = round % 2 === 0 ? dice.bytes(3000) : new TextEncoder().encode(
      Array.from(dice.bytes(600), (byte) => pieces[byte % pieces.length]).join(""),
    );
    await raw.says(noise);
    await raw.says("\nlast");
    await raw.endsInput();
    for (let line = await raw.reads(); line !== undefined; line = await raw.reads()) assert("error" in line);
  }
  assertEquals(await client.request("echo", { still: "here" }), { still: "here" });
});

Deno.test("an answer that is too long becomes an error", async () => {
  await using place = new Place();
  await place.serves({ methods: { long: () => "x".repeat(RPC_LINE_BYTES) } });
  const client = await place.connects();
  assertEquals((await errorOf(client.request("long"))).code, RPC_CODES.fault);
});

Deno.test("requests beyond the bound are refused at once, and there is room again afterwards", async () => {
  await using place = new Place();
  const done = Promise.withResolvers<string>();
  await place.serves({ methods: { wait: () => done.promise, now: () => "now" } });
  const client = await place.connects();
  const open = Array.from({ length: RPC_OPEN_REQUESTS }, () => client.request("wait"));
  assertEquals((await errorOf(client.request("now"))).code, RPC_CODES.busy);
  done.resolve("done");
  assertEquals(await Promise.all(open), open.map(() => "done"));
  assertEquals(await client.request("now"), "now");
});

Deno.test("one connection too many is told so, and there is room again when one has gone", async () => {
  await using place = new Place();
  const server = await place.serves(ECHO);
  const clients: RpcConnection[] = [];
  for (let n = 0; n < RPC_CONNECTIONS; n++) {
    clients.push(await place.connects());
    await clients[n]?.request("echo");
  }
  const refused = await place.connects();
  assertEquals((await errorOf(refused.request("echo"))).code, RPC_CODES.busy);
  assertEquals((await refused.closed).code, RPC_CODES.busy);
  const [first] = server.connections;
  await clients[0]?.close();
  await first?.closed;
  assertEquals(await (await place.connects()).request("echo"), {});
});

Deno.test("a reader that stands still is told no more, costs a bound of memory, and holds up nobody", async () => {
  await using place = new Place();
  const connected: RpcConnection[] = [];
  await place.serves((connection) => {
    connected.push(connection);
    return { methods: { echo: (params) => params } };
  });
  const slow = await place.raw();
  const quick = await place.connects();
  await quick.request("echo");
  const [toSlow] = connected;
  const event = { text: "x".repeat(60_000) };
  let told = 0;
  while (toSlow?.notify("event", event)) told++;
  assertEquals(told, Math.floor(RPC_QUEUE_BYTES / (60_000 + 62)));
  assertEquals(await quick.request("echo", { n: 1 }), { n: 1 });
  // Once it reads, it gets all that it was told, and what comes then.
  for (let n = 0; n < told; n++) assertEquals((await slow.reads())?.["method"], "event");
  assert(toSlow?.notify("missed", { events: 1 }));
  assertEquals((await slow.reads())?.["method"], "missed");
});

Deno.test("one who asks and does not read the answers is not read any more, and then goes on", async () => {
  await using place = new Place();
  let asked = 0;
  const answer = "x".repeat(RPC_LINE_BYTES / 2);
  await place.serves({ methods: { much: () => (asked++, answer) } });
  const [raw, other] = [await place.raw(), await place.connects()];
  const count = 100;
  for (let id = 0; id < count; id++) {
    await raw.says(JSON.stringify({ jsonrpc: "2.0", id, method: "much" }));
  }
  await other.request("much");
  assert(asked < 2 * RPC_QUEUE_BYTES / answer.length, String(asked));
  for (let id = 0; id < count; id++) assertEquals((await raw.reads())?.["id"], id);
});

Deno.test("who is connected learns when the program ends, after the last answers", async () => {
  await using place = new Place();
  const server = await place.serves({
    methods: { quit: () => (queueMicrotask(() => server.close()), "bye") },
  });
  const [client, other] = [await place.connects(), await place.connects()];
  assertEquals(await client.request("quit"), "bye");
  assertEquals((await client.closed).code, RPC_CODES.closed);
  await other.closed;
  assertEquals((await errorOf(other.request("quit"))).code, RPC_CODES.closed);
  assertEquals(await connectRpc(place.path), undefined);
  assertEquals([...Deno.readDirSync(place.folder)], []);
});

Deno.test("a request that is open at the end is rejected", async () => {
  await using place = new Place();
  const server = await place.serves({ methods: { wait: () => new Promise(() => {}) } });
  const client = await place.connects();
  const open = errorOf(client.request("wait"));
  await server.close();
  assertEquals((await open).code, RPC_CODES.closed);
});

Deno.test("a reader that stands still does not hold up the end", async () => {
  await using place = new Place();
  const connected = Promise.withResolvers<RpcConnection>();
  const server = await place.serves((connection) => (connected.resolve(connection), {}));
  await place.raw();
  const connection = await connected.promise;
  while (connection.notify("event", { text: "x".repeat(60_000) }));
  await server.close();
  assertEquals(server.connections.size, 0);
});

Deno.test("one who has asked all it wanted gets its answers; one who has gone is let go at once", async () => {
  await using place = new Place();
  const done = Promise.withResolvers<string>();
  const asked = [Promise.withResolvers<RpcConnection>(), Promise.withResolvers<RpcConnection>()];
  await place.serves((connection) => ({
    methods: { wait: () => (asked.shift()?.resolve(connection), done.promise) },
  }));
  const [, goneAsked] = asked;
  const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "wait" });
  const patient = await place.raw();
  await patient.says(line);
  await patient.endsInput();
  // A heartbeat says that its end was seen.
  assertEquals((await patient.reads())?.["method"], "heartbeat");
  const gone = await place.raw();
  await gone.says(line);
  const connection = await goneAsked?.promise;
  gone.close();
  await connection?.closed;
  done.resolve("done");
  assertEquals((await patient.reads())?.["result"], "done");
  assertEquals(await patient.reads(), undefined);
});

Deno.test("a sign of life comes again and again, and is no notification", async () => {
  await using place = new Place();
  await place.serves({ methods: { echo: (params) => params } }, 1);
  const raw = await place.raw();
  for (let n = 0; n < 3; n++) {
    assertEquals(await raw.reads(), { jsonrpc: "2.0", method: "heartbeat", params: {} });
  }
  const client = await place.connects({ notified: (method) => assertEquals(method, "never") }, 60_000);
  for (let n = 0; n < 20; n++) await client.request("echo");
});

Deno.test("an end that says nothing for some heartbeats is taken for dead", async () => {
  await using place = new Place();
  await place.serves({ methods: { wait: () => new Promise(() => {}) } });
  const client = await place.connects({}, 1);
  const open = errorOf(client.request("wait"));
  assertEquals((await client.closed).message, "the other end is silent");
  assertEquals((await open).message, "the other end is silent");
});

Deno.test("the file of a dead process is replaced, the socket of a living one is not", async () => {
  await using place = new Place();
  const dead = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `Deno.listen({ transport: "unix", path: ${JSON.stringify(place.path)} }); Deno.exit()`],
  }).output();
  assert(dead.success);
  assert(Deno.lstatSync(place.path).isSocket);
  assertEquals(await connectRpc(place.path), undefined);
  await place.serves(ECHO);
  await assertRejects(() => serveRpc(place.path, () => ECHO), NetworkError, "another process serves it");
  assertEquals(await (await place.connects()).request("echo"), {});
});

Deno.test("a file that is no socket is left alone", async () => {
  await using place = new Place();
  Deno.writeTextFileSync(place.path, "precious");
  await assertRejects(() => serveRpc(place.path, () => ECHO), NetworkError, `cannot serve '${place.path}'`);
  assertEquals(Deno.readTextFileSync(place.path), "precious");
});

Deno.test("only its user may write to the socket", async () => {
  await using place = new Place();
  await place.serves(ECHO);
  assertEquals((Deno.lstatSync(place.path).mode ?? 0) & 0o777, 0o600);
});

Deno.test({
  name: "another user is refused, even where the folder is open to all",
  ignore: Deno.uid() !== 0 || DENO_FOR_ALL === undefined,
  async fn() {
    await using place = new Place();
    await place.serves(ECHO);
    Deno.chmodSync(place.folder, 0o755);
    const code = `await Deno.connect({ transport: "unix", path: ${JSON.stringify(place.path)} })`;
    assert((await runAsNobody(code)).includes("PermissionDenied"));
    Deno.chmodSync(place.folder, 0o700);
    assert((await runAsNobody(code)).includes("PermissionDenied"));
  },
});
