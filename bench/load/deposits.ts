/** Letters for clients that are away: how fast the server stores them, and how fast it hands them over. */
import type { Measurement } from "../measurement.ts";
import { summarize } from "../summary.ts";
import { Crowd, latest } from "./crowds.ts";
import { meter } from "./meter.ts";
import { register } from "./registration.ts";
import type { Run } from "./run.ts";
import { LoadedServer, nameOf } from "./servers.ts";

const SENDERS = 64;
const MAILBOXES = 1_000;
/** Nicks that are bound at once. */
const AT_ONCE = 100;
/** Deposits of a sender that wait for their answers, where they are not made one at a time. */
const WINDOW = 16;
/** A sender may deposit 2,000 at once, and a mailbox takes more than these: no limit is measured. */
const LETTERS = 20_000;
const ALONE = 500;

interface Post {
  readonly server: LoadedServer;
  readonly senders: Crowd;
}

/** A server with senders who are there, and mailboxes whose owners are away. */
async function open(run: Run): Promise<Post> {
  const server = await LoadedServer.start(run);
  for (let first = 0; first < MAILBOXES; first += AT_ONCE) await bind(run, server, first);
  const senders = await Crowd.start(server, "sender", SENDERS);
  await register(run, senders);
  return { server, senders };
}

/** Binds the nicks of some mailboxes. Their owners leave again, so that few are told of the next ones. */
async function bind(run: Run, server: LoadedServer, first: number): Promise<void> {
  const owners = await Crowd.start(server, "box", AT_ONCE, { first, followsTable: false });
  await register(run, owners);
  await owners.tell({ type: "leave" });
  await owners.until((states) => states.every(({ registered }) => registered === 0));
  await owners.end();
}

async function close({ server, senders }: Post): Promise<void> {
  await senders.end();
  await server.end();
}

export async function deposits(run: Run): Promise<Measurement[]> {
  const post = await open(run);
  const measurements = [await deposit(run, post, 1, ALONE), await deposit(run, post, WINDOW, LETTERS)];
  await close(post);
  return measurements;
}

/** Each is answered once it is stored and synced. With a window of 1 there is one sender, too. */
async function deposit(
  run: Run,
  { server, senders }: Post,
  window: number,
  letters: number,
): Promise<Measurement> {
  const spent = meter(server, senders);
  const most = window === 1 ? 1 : SENDERS;
  await senders.share(
    letters,
    (count) => ({ type: "deposit", count, window, senders: most, mailboxes: MAILBOXES }),
  );
  const began = Math.min(...(await senders.all("began")).map(({ at }) => at));
  const ends = senders.all("deposited");
  await senders.until(
    (states) => deposited(states) >= letters,
    (states) => run.shows(deposited(states), letters, "deposits"),
  );
  const reports = await ends;
  const seconds = (latest(reports.map(({ at }) => at)) - began) / 1000;
  return {
    what: window === 1 ? "deposits, one at a time" : `deposits, ${SENDERS} senders`,
    who: nameOf("parley"),
    n: letters,
    seconds,
    perSecond: letters / seconds,
    ...summarize(reports.flatMap(({ times }) => times)),
    refused: reports.reduce((sum, { refused }) => sum + refused, 0),
    ...spent(letters),
  };
}

function deposited(states: readonly { readonly deposits: number }[]): number {
  return states.reduce((sum, { deposits }) => sum + deposits, 0);
}

/**
 * All owners of mailboxes come back at once, and each says of every letter that it was read. They ask for no
 * table, which `registration` measures.
 */
export async function collection(run: Run): Promise<Measurement[]> {
  const post = await open(run);
  await deposit(run, post, WINDOW, LETTERS);
  const { server } = post;
  const boxes = await Crowd.start(server, "box", MAILBOXES, { followsTable: false });
  const spent = meter(server, boxes);
  await boxes.tell({ type: "register" });
  const began = Math.min(...(await boxes.all("began")).map(({ at }) => at));
  await boxes.until(
    (states) => collected(states) >= LETTERS,
    (states) => run.shows(collected(states), LETTERS, "letters"),
  );
  await boxes.tell({ type: "report" });
  const reports = await boxes.all("report");
  const seconds = (latest(reports.map(({ lettersAt }) => lettersAt)) - began) / 1000;
  const measurement = {
    what: `collection, ${MAILBOXES} mailboxes`,
    who: nameOf("parley"),
    n: LETTERS,
    seconds,
    perSecond: LETTERS / seconds,
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    ...spent(LETTERS),
  };
  await boxes.end();
  await close(post);
  return [measurement];
}

function collected(states: readonly { readonly letters: number }[]): number {
  return states.reduce((sum, { letters }) => sum + letters, 0);
}
