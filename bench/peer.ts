/**
 * One client process of a measurement: the machine, the driver, a real socket and a real store, no terminal.
 * `peer.ts NICK SERVER_PORT STATE` answers; `peer.ts NICK SERVER_PORT STATE TO COUNT WINDOW BYTES` sends
 * COUNT messages of BYTES, at most WINDOW of them without a receipt, and prints its figures as one line of
 * JSON: times in microseconds, bytes on the wire for each message and its receipt, the process's memory.
 */
import { Client } from "../core/client/client.ts";
import { Identity, SECRETS_BYTES } from "../core/messages/identity.ts";
import type { Notice } from "../core/notice.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { drive, type Socket } from "../transport/driver.ts";
import { systemPrimitives } from "../transport/native_aead.ts";
import { bindUdp } from "../transport/udp.ts";
import { summarize } from "./summary.ts";

const [nick = "", serverPort = "", state = "", to, count = "0", window = "1", bytes = "64"] = Deno.args;
const TEXT = "m".repeat(Number(bytes));
const WARM_UP = Math.min(5_000, Number(count));
/** The headers of IPv4 (RFC 791) and UDP (RFC 768), which a datagram has before its bytes. */
const HEADER_BYTES = 20 + 8;

const primitives = systemPrimitives();
const socket = bindUdp("127.0.0.1", 0, "-c");
const store = state === ":memory:" ? undefined : openSqlite(state, "client");
const origin = performance.timeOrigin;
const now = () => origin + performance.now();
const server = { host: "127.0.0.1", port: Number(serverPort) };
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const options = {
  nick,
  server,
  serverName: "the server",
  serverKey: undefined,
  own: socket.address,
  candidates: [],
  predecessors: [],
  identity: new Identity(primitives, random(SECRETS_BYTES)),
  invited: [],
  channelKey: undefined,
  attempts: 0,
  interactive: false,
  sendsOnly: false,
  isAttended: true,
  durable: store !== undefined,
  primitives,
  stopwatch: () => performance.now(),
  recalls: 0,
  foreword: [],
};
const machine = new Client(now(), options, random, store?.read() ?? []);
/** Bytes that have left and come. */
let onWire = 0;
const counting: Socket = {
  send(datagrams) {
    for (const { bytes } of datagrams) onWire += HEADER_BYTES + bytes.length;
    return socket.send(datagrams);
  },
  async receive() {
    const datagrams = await socket.receive();
    for (const { bytes } of datagrams ?? []) onWire += HEADER_BYTES + bytes.length;
    return datagrams;
  },
};
const driver = drive({ machine, socket: counting, store, now, wall: now, show });

const total = Number(count) + WARM_UP;
// They have their full length from the start, so that the memory that is measured is the client's.
const sentAt = new Float64Array(total);
const times = new Float64Array(total);
let [sent, received] = [0, 0];
let began = 0;

function show(notice: Notice): void {
  if (notice.type === "tableChanged") {
    if (to === undefined) console.log(`ready ${socket.address.port}`);
    else if (sent === 0) sendMore();
  }
  const receipts = notice.type === "delivered" ? 1 : notice.type === "collected" ? notice.count : 0;
  if (receipts === 0) return;
  for (let count = 0; count < receipts; count++) {
    // Receipts come in the order of the messages, or nearly: the figure is a distribution.
    times[received] = performance.now() - sentAt[received]!;
    if (++received === WARM_UP) [began, onWire] = [performance.now(), 0];
  }
  if (received < total) return sendMore();
  const seconds = (performance.now() - began) / 1000;
  const megabytes = Deno.memoryUsage().rss / 1e6;
  const figures = {
    ...summarize(times.subarray(WARM_UP)),
    perSecond: Number(count) / seconds,
    bytesEach: onWire / Number(count),
    megabytes,
  };
  console.log(JSON.stringify(figures));
  driver.act({ type: "leave" });
}

function sendMore(): void {
  while (sent < total && sent - received < Number(window)) {
    sentAt[sent++] = performance.now();
    driver.act({ type: "sendDirect", to: to!, text: TEXT });
  }
}

driver.act({ type: "register", nick });
Deno.addSignalListener("SIGTERM", () => driver.act({ type: "leave" }));
Deno.exit(await driver.ended);
