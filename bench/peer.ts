/**
 * One client process of a measurement: the machine, the driver, a real socket and a real store, no terminal.
 * `peer.ts NICK SERVER_PORT STATE` answers; `peer.ts NICK SERVER_PORT STATE TO COUNT WINDOW BYTES` sends
 * COUNT messages of BYTES, at most WINDOW of them without a receipt, and prints its figures as one line of
 * JSON.
 */
import { primitives } from "../core/base/crypto.ts";
import { Client } from "../core/client/client.ts";
import { Identity, SECRETS_BYTES } from "../core/messages/identity.ts";
import type { Notice } from "../core/notice.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { drive } from "../transport/driver.ts";
import { bindUdp } from "../transport/udp.ts";
import { summarize } from "./summary.ts";

const [nick = "", serverPort = "", state = "", to, count = "0", window = "1", bytes = "64"] = Deno.args;
const TEXT = "m".repeat(Number(bytes));
const WARM_UP = Math.min(5_000, Number(count));

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
  durable: store !== undefined,
  primitives,
};
const machine = new Client(now(), options, random, store?.read() ?? []);
const driver = drive({ machine, socket, store, now, show });

const total = Number(count) + WARM_UP;
const sentAt: number[] = [];
const times: number[] = [];
let began = 0;

function show(notice: Notice): void {
  if (notice.type === "tableChanged") {
    if (to === undefined) console.log(`ready ${socket.address.port}`);
    else if (sentAt.length === 0) sendMore();
  }
  const receipts = notice.type === "delivered" ? 1 : notice.type === "collected" ? notice.count : 0;
  if (receipts === 0) return;
  for (let count = 0; count < receipts; count++) {
    // Receipts come in the order of the messages, or nearly: the figure is a distribution.
    times.push(performance.now() - sentAt[times.length]!);
    if (times.length === WARM_UP) began = performance.now();
  }
  if (times.length < total) return sendMore();
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ ...summarize(times.slice(WARM_UP)), perSecond: Number(count) / seconds }));
  driver.act({ type: "leave" });
}

function sendMore(): void {
  while (sentAt.length < total && sentAt.length - times.length < Number(window)) {
    sentAt.push(performance.now());
    driver.act({ type: "sendDirect", to: to!, text: TEXT });
  }
}

driver.act({ type: "register", nick });
Deno.addSignalListener("SIGTERM", () => driver.act({ type: "leave" }));
Deno.exit(await driver.ended);
