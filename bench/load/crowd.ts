/**
 * One process of the load generator: many clients. `crowd.ts JOB` takes one line of JSON for each thing to
 * do, and prints one for each thing that has happened (`job.ts`).
 */
import type { Millis } from "../../core/base/units.ts";
import { FloorSeat } from "./floor_seats.ts";
import type { Command, Event, Job } from "./job.ts";
import { ParleySeat } from "./parley_seats.ts";
import { now, type Seat, type SeatEvents } from "./seat.ts";
import { TcpSeat } from "./tcp_seats.ts";

/** How often it tells how far its clients are, while anything changes. */
const TELL_MS = 50;
/** The server's limits have refused a deposit: it is made again after this. */
const AGAIN_MS = 100;

const job: Job = JSON.parse(Deno.args[0]!);

function tell(event: Event): void {
  console.log(JSON.stringify(event));
}

/** Bytes that have come, headers included. */
let bytes = 0;
/** Messages of the channel by their numbers: how many of our clients have them. */
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
let depositsAwaited = 0;
let mailboxes = 1;
let depositTimes: number[] = [];
let refused = 0;

const events: SeatEvents = {
  received: (count) => {
    bytes += count;
  },
  arrived: (at, number) => {
    const count = (arrived.get(number) ?? 0) + 1;
    arrived.set(number, count);
    if (count < seats.length) return;
    arrived.delete(number);
    tell({ type: "arrived", number, at });
  },
  letter: (at) => {
    letters++;
    lettersAt = at;
  },
  stored: (at, id) => {
    const deposit = deposits.get(id);
    if (deposit === undefined) return;
    deposits.delete(id);
    depositTimes.push(at - deposit.at);
    depositNext(deposit.sender);
    if (depositTimes.length === depositsAwaited) {
      tell({ type: "deposited", at, times: depositTimes, refused });
    }
  },
  rejected: (id, reason) => {
    const deposit = deposits.get(id);
    if (deposit === undefined) return;
    if (reason !== "rate") throw new Error(`a deposit was rejected: '${reason}'`);
    refused++;
    setTimeout(() => hand(id, deposit), AGAIN_MS);
  },
};

function depositNext(sender: Seat): void {
  if (toDeposit === 0) return;
  const id = crypto.randomUUID().replaceAll("-", "");
  const deposit = { sender, to: toDeposit-- % mailboxes, at: now() };
  deposits.set(id, deposit);
  hand(id, deposit);
}

function hand(id: string, { sender, to }: Deposit): void {
  sender.deposit?.(now(), id, `box${to}`);
}

function obey(command: Command): void {
  const at = now();
  switch (command.type) {
    case "register":
      [bytes, letters] = [0, 0];
      tell({ type: "began", at });
      for (const seat of seats) seat.register(at);
      return;
    case "leave":
      for (const seat of seats) seat.leave(at);
      return;
    case "post":
      seats[command.number % seats.length]!.post(at, command.number);
      return tell({ type: "posted", number: command.number, at });
    case "deposit":
      ({ count: toDeposit, count: depositsAwaited, mailboxes } = command);
      [depositTimes, refused] = [[], 0];
      tell({ type: "began", at });
      for (let turn = 0; turn < command.window; turn++) {
        for (const seat of seats.slice(0, command.senders)) depositNext(seat);
      }
      return;
    case "report": {
      const registered = seats.map(({ registeredAt }) => registeredAt);
      const complete = seats.map(({ completeAt }) => completeAt);
      return tell({ type: "report", registered, complete, bytes, lettersAt });
    }
  }
}

function makeSeat(_: undefined, at: number): Seat {
  const number = job.first + at;
  const [nick, host] = [`${job.name}${number}`, `127.0.0.${1 + number % job.addresses}`];
  switch (job.protocol) {
    case "parley":
    case "links":
      return new ParleySeat(job, nick, host, events);
    case "bare":
    case "encrypted":
    case "packed":
      return new FloorSeat(job, host, events);
    default:
      return new TcpSeat(job, job.protocol, nick, events);
  }
}

const seats: readonly Seat[] = Array.from({ length: job.count }, makeSeat);
let told = "";

setInterval(() => {
  const registered = seats.filter(({ registeredAt }) => registeredAt < Infinity).length;
  const oldest = Math.min(...seats.map(({ version }) => version));
  const newest = Math.max(...seats.map(({ newest }) => newest));
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
