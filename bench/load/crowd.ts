/**
 * One process of the load generator: many small clients, each with a socket of its own. `crowd.ts JOB` takes
 * one line of JSON for each thing to do, and prints one for each thing that has happened (`job.ts`).
 */
import { setImmediate } from "node:timers";
import { Timers } from "../../core/base/timers.ts";
import type { Millis } from "../../core/base/units.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { letterOf } from "../letters.ts";
import type { Command, Event, Job } from "./job.ts";
import { SmallClient } from "./small_client.ts";

/** As the socket of the client has it (`transport/udp.ts`). */
const RECEIVE_BUFFER_BYTES = 2048;
/** The headers of IPv4 (RFC 791) and UDP (RFC 768), which a datagram has before its bytes. */
const HEADER_BYTES = 20 + 8;
/** How often it tells how far its clients are, while anything changes. */
const TELL_MS = 50;
const TEXT_BYTES = 64;
const TEXT = "m".repeat(TEXT_BYTES);
/** The server's limits have refused a deposit: it is made again after this. */
const AGAIN_MS = 100;

const job: Job = JSON.parse(Deno.args[0]!);
const origin = performance.timeOrigin;
const now = (): Millis => origin + performance.now();

function tell(event: Event): void {
  console.log(JSON.stringify(event));
}

/** Bytes that have come, headers included. */
let bytes = 0;
let alarm: Millis = Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;
let isFlushPlanned = false;

class Seat {
  readonly client: SmallClient;
  readonly #socket: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
  #sending: Promise<unknown> = Promise.resolve();

  constructor(number: number) {
    const hostname = `127.0.0.${1 + number % job.addresses}`;
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const { server, serverKey } = job;
    this.client = new SmallClient(now(), { nick: `${job.name}${number}`, server, serverKey, heard });
    this.#listen();
  }

  async #listen(): Promise<never> {
    for (;;) {
      const [received] = await this.#socket.receive(this.#buffer);
      bytes += HEADER_BYTES + received.length;
      // A copy, because the buffer is used again and a link may keep parts of a datagram.
      this.client.receive(now(), job.server, received.slice());
      touch(this);
    }
  }

  /** Sends what is to leave, in its order. */
  flush(at: Millis): void {
    const datagrams = this.client.takeDatagrams(at);
    timers.set(this, this.client.deadline);
    if (datagrams.length === 0) return;
    this.#sending = this.#sending.then(async () => {
      for (const { bytes, to } of datagrams) {
        const address = { transport: "udp", hostname: to.host, port: to.port } as const;
        // To the protocol a datagram that could not leave is a lost one.
        await this.#socket.send(bytes, address).catch(() => {});
      }
    });
  }
}

const timers = new Timers<Seat>();
const touched = new Set<Seat>();

/** All that has come in this turn of the event loop is answered together. */
function touch(seat: Seat): void {
  touched.add(seat);
  if (isFlushPlanned) return;
  isFlushPlanned = true;
  setImmediate(flush);
}

function flush(): void {
  isFlushPlanned = false;
  const at = now();
  for (let seat = timers.next(at); seat !== undefined; seat = timers.next(at)) touched.add(seat);
  for (const seat of touched) seat.flush(at);
  touched.clear();
  if (timers.deadline >= alarm && alarm > at) return;
  clearTimeout(timer);
  alarm = timers.deadline;
  if (alarm < Infinity) timer = setTimeout(onAlarm, Math.max(1, Math.ceil(alarm - at)));
}

function onAlarm(): void {
  alarm = Infinity;
  flush();
}

// ---- what is measured ------------------------------------------------------------------------------------

/** Posts by their numbers: how many of our clients have them. */
const arrived = new Map<number, number>();
let letters = 0;
let lettersAt: Millis = 0;

/** Deposits that wait for their answers, by id. */
interface Deposit {
  readonly sender: Seat;
  readonly to: number;
  readonly at: Millis;
}
const deposits = new Map<string, Deposit>();
let toDeposit = 0;
let mailboxes = 1;
let depositTimes: number[] = [];
let refused = 0;
let depositsAwaited = Infinity;
const letter = letterOf(TEXT_BYTES);

function heard(at: Millis, client: SmallClient, verb: Verb): void {
  if (verb.type === "channel") return onPost(at, Number.parseInt(verb.id, 16));
  if (verb.type === "letter") [letters, lettersAt] = [letters + 1, at];
  if (verb.type === "stored") return onStored(at, verb.id);
  if (verb.type === "refused") throw new Error(`'${client.nick}' was refused: '${verb.reason}'`);
  if (verb.type === "rejected") onRejected(verb.id, verb.reason);
}

function onPost(at: Millis, number: number): void {
  const count = (arrived.get(number) ?? 0) + 1;
  arrived.set(number, count);
  if (count < seats.length) return;
  arrived.delete(number);
  tell({ type: "arrived", number, at });
}

function depositNext(sender: Seat): void {
  if (toDeposit === 0) return;
  const id = crypto.randomUUID().replaceAll("-", "");
  const deposit = { sender, to: toDeposit-- % mailboxes, at: now() };
  deposits.set(id, deposit);
  hand(id, deposit);
}

function hand(id: string, { sender, to }: Deposit): void {
  sender.client.deposit(now(), id, `box${to}`, letter);
  touch(sender);
}

function onStored(at: Millis, id: string): void {
  const deposit = deposits.get(id);
  if (deposit === undefined) return;
  deposits.delete(id);
  depositTimes.push(at - deposit.at);
  depositNext(deposit.sender);
  if (depositTimes.length !== depositsAwaited) return;
  tell({ type: "deposited", at, times: depositTimes, refused });
}

function onRejected(id: string, reason: string): void {
  const deposit = deposits.get(id);
  if (deposit === undefined) return;
  if (reason !== "rate") throw new Error(`a deposit was rejected: '${reason}'`);
  refused++;
  setTimeout(() => hand(id, deposit), AGAIN_MS);
}

function obey(command: Command): void {
  const at = now();
  switch (command.type) {
    case "register":
      bytes = 0;
      letters = 0;
      tell({ type: "began", at });
      for (const seat of seats) {
        seat.client.register(at);
        touch(seat);
      }
      return;
    case "leave":
      for (const seat of seats) {
        seat.client.leave(at);
        touch(seat);
      }
      return;
    case "post": {
      const seat = seats[command.number % seats.length]!;
      seat.client.post(at, command.number.toString(16).padStart(32, "0"), command.number, TEXT);
      touch(seat);
      return tell({ type: "posted", number: command.number, at });
    }
    case "deposit":
      [toDeposit, depositsAwaited, mailboxes, depositTimes] = [
        command.count,
        command.count,
        command.mailboxes,
        [],
      ];
      refused = 0;
      tell({ type: "began", at });
      for (let turn = 0; turn < command.window; turn++) {
        for (const seat of seats.slice(0, command.senders)) depositNext(seat);
      }
      return;
    case "report": {
      const registered = seats.map(({ client }) => client.registeredAt);
      const complete = seats.map(({ client }) => client.completeAt);
      return tell({ type: "report", registered, complete, bytes, lettersAt });
    }
  }
}

const seats = Array.from({ length: job.count }, (_, at) => new Seat(job.first + at));
let told = "";

setInterval(() => {
  const registered = seats.filter(({ client }) => client.isRegistered).length;
  const oldest = Math.min(...seats.map(({ client }) => client.version.counter));
  const newest = Math.max(...seats.map(({ client }) => client.newest.counter));
  const state: Event = { type: "state", registered, oldest, newest, letters, deposits: depositTimes.length };
  const line = JSON.stringify(state);
  if (line !== told) console.log(told = line);
}, TELL_MS);

tell({ type: "ready" });
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of text.split("\n")) if (line !== "") obey(JSON.parse(line));
}
// Whoever has started this process is gone.
Deno.exit(0);
