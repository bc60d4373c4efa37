/** `parley doctor`: each fault that is made here is named by one check, and none other finds anything. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkMtu, checkWay, nameFinding } from "../../programs/doctor/server.ts";
import { checkBuffer, checkInterfaces } from "../../programs/doctor/machine.ts";
import { PROBES } from "../../core/base/limits.ts";
import { freePort, Host, type Options, type Run, SERVER_NAME, withClock } from "./host.ts";

const OTHER_KEY = "0123456789abcdef".repeat(4);
const LOOPBACK = "127.0.0.1";

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly advice: string;
}

function doctor(host: Host, args: readonly string[] = [], options: Options = {}): Run {
  const place = { "-n": "x", "-i": LOOPBACK, "-p": `${host.port}` };
  const usual = Object.entries(place).filter(([name]) => !args.includes(name)).flat();
  const env = { XDG_RUNTIME_DIR: `${host.folder}/run`, ...options.env };
  return host.run(["doctor", ...usual, ...args], { ...options, env });
}

async function examined(host: Host, args: readonly string[] = [], options: Options = {}) {
  const run = doctor(host, ["--json", ...args], options);
  const status = await run.status;
  assertEquals(run.error.text, "");
  const { v, ok, checks }: { v: number; ok: boolean; checks: Finding[] } = JSON.parse(run.output.text);
  assertEquals([v, status, ok], [1, ok ? 0 : 1, checks.every((finding) => finding.ok)]);
  return checks;
}

/** That exactly one check finds something, and what it says and advises. */
async function names(
  host: Host,
  { check, found, advice }: { check: string; found: RegExp; advice: RegExp },
  args: readonly string[] = [],
  options: Options = {},
): Promise<void> {
  const checks = await examined(host, args, options);
  const troubles = checks.filter(({ ok }) => !ok);
  assertEquals(troubles.map((finding) => finding.check), [check], JSON.stringify(checks));
  assertMatch(troubles[0]!.found, found);
  assertMatch(troubles[0]!.advice, advice);
}

/** A server, and the state of x there, whom it knows. */
async function withState(): Promise<{ host: Host; state: string }> {
  const host = await Host.withServer();
  await host.beenThere("x");
  return { host, state: host.stateOf("x") };
}

/** Everything below a folder: names, modes, times and contents. */
function contentOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    const { mode, mtime, size } = Deno.lstatSync(path);
    const line = `${path} ${mode} ${mtime?.getTime()} ${isDirectory ? "" : size}`;
    return isDirectory ? [line, ...contentOf(path)] : [line, Deno.readFileSync(path).toHex()];
  }).sort();
}

/** Somebody on the way to the server, at a port of his own, who lets through what he likes. */
class Relay implements AsyncDisposable {
  readonly #near = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  readonly #far = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  readonly #running: Promise<unknown>;
  #client: Deno.Addr | undefined;

  constructor(port: number, passes: (bytes: Uint8Array, way: "there" | "back") => boolean) {
    const server = { transport: "udp" as const, hostname: LOOPBACK, port };
    const there = async () => {
      for await (const [bytes, from] of this.#near) {
        this.#client = from;
        if (passes(bytes, "there")) await this.#far.send(bytes, server);
      }
    };
    const back = async () => {
      for await (const [bytes] of this.#far) {
        if (passes(bytes, "back")) await this.#near.send(bytes, this.#client!);
      }
    };
    this.#running = Promise.all([there(), back()]);
  }

  get place(): string[] {
    return ["-p", `${(this.#near.addr as Deno.NetAddr).port}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#near, this.#far]) socket.close();
    await this.#running;
  }
}

/** Somebody who has a port and is silent. */
function holder(hostname: string): Disposable & { readonly port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  return { port: (socket.addr as Deno.NetAddr).port, [Symbol.dispose]: () => socket.close() };
}

Deno.test("all is well: the status is 0, in lines and in JSON, and nothing is made or changed", async () => {
  const { host, state } = await withState();
  await using _ = host;
  const before = contentOf(`${host.folder}/state`);
  const checks = await examined(host, []);
  assertEquals(checks.filter(({ ok }) => !ok), []);
  assertEquals(checks.map(({ check }) => check), [
    "nick",
    "server-name",
    "known-servers",
    "own-port",
    "interfaces",
    "server",
    "way",
    "path-mtu",
    "key",
    "state-folder",
    "state-db",
    "identity",
    "disk-space",
    "clock",
    "receive-buffer",
    "socket",
  ]);
  const found = (check: string) => checks.find((finding) => finding.check === check)!.found;
  assertMatch(found("way"), /^0 of 50 questions or answers lost, round trip /);
  assertEquals(found("path-mtu"), "datagrams of 1200 bytes get through, there and back");
  assertEquals(found("state-db"), `'${state}/state.db' is sound`);
  const run = doctor(host);
  assertEquals([await run.status, run.output.lines.at(-1)], [0, "All is well."]);
  assertEquals(contentOf(`${host.folder}/state`), before);
});

Deno.test("before the first start, and beside a client that runs, all is well too", async () => {
  await using host = await Host.withServer();
  const first = await examined(host);
  assertEquals(first.filter(({ ok }) => !ok), []);
  assertMatch(first.find(({ check }) => check === "key")!.found, /^a first contact: it has proved the key /);
  assert(![...Deno.readDirSync(host.folder)].some(({ name }) => name === "state"));
  const x = await host.online("x");
  await x.say("send_all hi");
  await x.sees("[Message received by Server.]");
  const beside = await examined(host);
  assertEquals(beside.filter(({ ok }) => !ok), []);
  assertMatch(beside.find(({ check }) => check === "identity")!.found, /, in use by a client that runs$/);
  assertMatch(beside.find(({ check }) => check === "state-db")!.found, / is sound$/);
});

Deno.test("in lines each finding has its advice below it", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const run = doctor(host);
  assertEquals(await run.status, 1);
  assertStringIncludes(
    run.output.text,
    `FOUND server: nobody listens at 127.0.0.1:${host.port}, an address of this machine\n` +
      `      -> start a server with 'deno task server -p ${host.port}', or correct '-i' and '-p'\n`,
  );
  assertMatch(run.output.lines.at(-1)!, /^1 of \d+ checks found something\.$/);
});

Deno.test("fault: the nick cannot be one", async () => {
  await using host = await Host.withServer();
  const advice = /^choose up to 32 letters/;
  await names(host, { check: "nick", found: /^'SERVER' cannot be a nick$/, advice }, ["-n", "SERVER"]);
});

Deno.test("fault: the server's name has no address", async () => {
  await using host = await Host.create();
  host.port = freePort();
  const fault = { check: "server-name", found: /^'x\.invalid' has no address$/, advice: /^check the name/ };
  await names(host, fault, ["-i", "x.invalid"]);
});

Deno.test("fault: nobody listens at the server's port", async () => {
  await using host = await Host.create();
  host.port = freePort();
  await names(host, { check: "server", found: /^nobody listens at /, advice: /^start a server with / });
});

Deno.test("fault: somebody has the server's port and is silent, as behind a firewall", async () => {
  await using host = await Host.create();
  using silent = holder(LOOPBACK);
  host.port = silent.port;
  await names(host, { check: "server", found: /did not answer 50 questions$/, advice: /firewall/ });
});

Deno.test("fault: the server speaks another version", async () => {
  await using host = await Host.create();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  host.port = (socket.addr as Deno.NetAddr).port;
  const answering = (async () => {
    for await (const [, from] of socket) await socket.send(Uint8Array.of(0, 3), from);
  })();
  const found = /^the server at \S+ speaks version 3 of the protocol, this program version 4$/;
  await names(host, { check: "version", found, advice: /^use releases/ });
  socket.close();
  await answering;
});

Deno.test("fault: the server has another key than the known one, or than the one that was given", async () => {
  const { host } = await withState();
  await using _ = host;
  const found = new RegExp(`has another key than '${OTHER_KEY}', which is known of it`);
  const fault = { check: "key", found, advice: /^ask its operator/ };
  await names(host, fault, ["--server-key", OTHER_KEY]);
  const known = `${host.folder}/state/parley/known_servers`;
  await Deno.writeTextFile(known, `${LOOPBACK}:${host.port} ${OTHER_KEY} ${SERVER_NAME}\n`);
  await names(host, fault);
});

Deno.test("fault: a line of the known servers is malformed", async () => {
  const { host } = await withState();
  await using _ = host;
  const known = `${host.folder}/state/parley/known_servers`;
  await Deno.writeTextFile(known, `what is this\n${await Deno.readTextFile(known)}`);
  await names(host, {
    check: "known-servers",
    found: /line 1 is not 'HOST:PORT KEY'/,
    advice: /^take the line/,
  });
});

Deno.test("fault: every second datagram is lost", async () => {
  await using host = await Host.withServer();
  let asked = 0;
  await using relay = new Relay(host.port, (_, way) => way === "back" || asked++ % 2 === 0);
  const found = new RegExp(`^${PROBES / 2} of ${PROBES} questions or answers lost`);
  await names(host, { check: "way", found, advice: /^what is lost is sent again/ }, relay.place);
});

for (const way of ["there", "back"]) {
  Deno.test(`fault: datagrams above 600 bytes are lost on the way ${way}`, async () => {
    await using host = await Host.withServer();
    await using relay = new Relay(host.port, (bytes, on) => bytes.length <= 600 || on !== way);
    const found = /^datagrams of 800 to 1200 bytes do not get through, those of 600 bytes do$/;
    await names(host, { check: "path-mtu", found, advice: /set the MTU .* to 1248 or more/ }, relay.place);
  });
}

Deno.test("fault: our own port is taken", async () => {
  await using host = await Host.withServer();
  using taken = holder("0.0.0.0");
  const fault = { check: "own-port", found: /^cannot listen on port \d+: it is in use/, advice: /'-c'$/ };
  await names(host, fault, ["-c", `${taken.port}`]);
});

Deno.test("fault: the host to listen at is not an address of this machine", async () => {
  await using host = await Host.withServer();
  const fault = { check: "own-port", found: /^'192\.0\.2\.99' is not an address/, advice: /'--host'/ };
  await names(host, fault, ["--host", "192.0.2.99"]);
});

Deno.test("fault: others may enter the state folder", async () => {
  const { host, state } = await withState();
  await using _ = host;
  await Deno.chmod(state, 0o755);
  const found = /has mode 0755: others may read or change it$/;
  await names(host, { check: "state-folder", found, advice: new RegExp(`^'chmod 700 ${state}'$`) });
});

Deno.test("fault: others may change the folder of the servers' states", async () => {
  const { host } = await withState();
  await using _ = host;
  const outer = `${host.folder}/state/parley`;
  await Deno.chmod(outer, 0o777);
  const found = /has mode 0777: others may change it$/;
  await names(host, { check: "state-folder", found, advice: new RegExp(`^'chmod 700 ${outer}'$`) });
});

Deno.test("fault: others may read the identity", async () => {
  const { host, state } = await withState();
  await using _ = host;
  await Deno.chmod(`${state}/identity`, 0o644);
  const found = /identity' has mode 0644: others may read or change it$/;
  await names(host, { check: "identity", found, advice: /^'chmod 600 .*identity'$/ });
});

Deno.test({
  name: "fault: the database belongs to another user",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const { host, state } = await withState();
    await using _ = host;
    await Deno.chown(`${state}/state.db`, 12345, null);
    const found = /belongs to the user with the number 12345, and you are 0$/;
    await names(host, { check: "state-db", found, advice: /^'chown 0 .*', as root$/ });
  },
});

Deno.test("fault: the identity is damaged, a link to nothing, or gone; a link is none", async () => {
  const { host, state } = await withState();
  await using _ = host;
  const [path, kept] = [`${state}/identity`, `${host.folder}/kept`];
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.slice(0, -5));
  await names(host, { check: "identity", found: /is damaged$/, advice: /^put it back from a copy$/ });
  await Deno.rename(path, kept);
  await Deno.writeTextFile(kept, text);
  await names(host, { check: "identity", found: /^there is no /, advice: /^put it back from a copy: / });
  await Deno.symlink(kept, path);
  const checks = await examined(host, []);
  assert(checks.every(({ ok }) => ok), JSON.stringify(checks));
  await Deno.remove(kept);
  await names(host, { check: "identity", found: /symbolic link to nothing$/, advice: /^remove the link/ });
});

Deno.test("fault: the database is damaged, or something else", async () => {
  const { host, state } = await withState();
  await using _ = host;
  const path = `${state}/state.db`;
  const whole = await Deno.readFile(path);
  const fault = { check: "state-db", found: /the file is damaged/, advice: /^put it back from a copy; / };
  await Deno.writeFile(path, whole.fill(0xff, 1024, 3072));
  await names(host, fault);
  await Deno.writeTextFile(path, "hello ".repeat(1000));
  await names(host, { ...fault, found: /it is not a Parley data file/ });
});

Deno.test("fault: the server's data may be read by others, or is empty", async () => {
  await using host = await Host.withServer();
  const folder = `${host.folder}/data/parley`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/server-${host.port}.db`;
  await Deno.writeTextFile(path, "", { mode: 0o600 });
  await names(host, { check: "server-data", found: /is empty$/, advice: /^put it back from a copy, or / });
  await Deno.chmod(path, 0o640);
  await names(host, { check: "server-data", found: /has mode 0640: /, advice: /^'chmod 600 / });
});

Deno.test("fault: the clock says 1970", async () => {
  await using host = await Host.withServer();
  const fault = { check: "clock", found: /^the clock says 1970-/, advice: /^set the clock/ };
  await names(host, fault, [], withClock(-Date.now()));
});

Deno.test("fault: the clock is behind the newest file of the state", async () => {
  const { host, state } = await withState();
  await using _ = host;
  const tomorrow = Date.now() / 1000 + 24 * 3600;
  await Deno.utime(`${state}/state.db`, tomorrow, tomorrow);
  await names(host, {
    check: "clock",
    found: /, and '.*state\.db' was changed at /,
    advice: /^set the clock/,
  });
});

Deno.test("fault: a socket that nobody serves, or whose folder is open to others", async () => {
  await using host = await Host.withServer();
  const folder = `${host.folder}/run/parley`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${"0".repeat(16)}.sock`;
  const served = Deno.listen({ transport: "unix", path });
  assertEquals((await examined(host)).filter(({ ok }) => !ok), []);
  // A killed program leaves its socket behind: this one is moved away and back while it is closed.
  await Deno.rename(path, `${path}.kept`);
  served.close();
  await Deno.rename(`${path}.kept`, path);
  await names(host, { check: "socket", found: /the program that made it was killed$/, advice: /^start / });
  await Deno.chmod(folder, 0o755);
  await names(host, { check: "socket", found: /has mode 0755: /, advice: /^'chmod 700 / });
});

/** Runs the program where a file system of one MiB is mounted at the folder, which nobody else sees. */
function onSmallDisk(folder: string): Options {
  return {
    shell: `unshare -rm sh -c 'mount -t tmpfs -o size=1m,mode=0700 none "$0" && exec "$@"' '${folder}' "$@"`,
  };
}

const canMount = await new Deno.Command("sh", {
  args: ["-c", "unshare -rm mount -t tmpfs none /mnt 2> /dev/null"],
}).output().then(({ success }) => success);

Deno.test({
  name: "fault: there is no space for the state",
  ignore: !canMount,
  fn: async () => {
    await using host = await Host.withServer();
    const state = `${host.folder}/small`;
    await Deno.mkdir(state, { mode: 0o700 });
    const fault = {
      check: "disk-space",
      found: /^\d MiB are free at '.*small'$/,
      advice: /^free some space/,
    };
    await names(host, fault, ["--state", state], onSmallDisk(state));
  },
});

Deno.test("a name that stands for a loopback address on the server's own machine is told", () => {
  assertEquals(nameFinding("laptop", "127.0.1.1").ok, false);
  for (const [name, host] of [["localhost", "127.0.0.1"], ["::1", "::1"], ["laptop", "10.0.0.1"]] as const) {
    assertEquals(nameFinding(name, host).ok, true, name);
  }
});

Deno.test("a machine with no address but those of its containers, or none at all, is told", () => {
  const own = (name: string, address: string, cidr: string) =>
    ({ name, address, cidr, family: "IPv4" }) as const;
  const [lo, docker, eth] = [
    own("lo", "127.0.0.1", "127.0.0.1/8"),
    own("docker0", "172.17.0.1", "172.17.0.1/16"),
    own("eth0", "192.168.1.5", "192.168.1.5/24"),
  ];
  const server = { host: "192.168.1.9", port: 9999 };
  const found = (interfaces: typeof lo[]) => checkInterfaces("0.0.0.0", server, interfaces);
  assertEquals(found([lo, docker, eth]), {
    check: "interfaces",
    ok: true,
    found: "peers on the same network are told 192.168.1.5 (eth0), then 172.17.0.1 (docker0)",
    advice: "",
  });
  assertMatch(found([lo, docker]).found, /172\.17\.0\.1 \(docker0\): behind it are only containers/);
  assertMatch(found([lo]).found, /^there is no address but those of this machine alone$/);
});

Deno.test("a small receive buffer, a slow way, and a way that takes short datagrams only, are told", () => {
  assertEquals([checkBuffer(92).ok, checkBuffer(128).ok, checkBuffer(20).ok], [true, true, false]);
  const seen = { keys: new Set<string>(), versions: undefined, passed: [], failed: [1200, 1100, 200] };
  assertMatch(checkMtu({ ...seen, roundTrips: [] }).found, /^datagrams of 200 to 1200 bytes .* none$/);
  const way = (time: number) => checkWay({ ...seen, roundTrips: Array(PROBES).fill(time) });
  assertEquals([way(499).ok, way(500).ok], [true, false]);
});
