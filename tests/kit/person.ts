/** Somebody with a client, who types, and sees a screen. */
import { Commands } from "../../commands/_registry.ts";
import * as dereg from "../../commands/dereg.ts";
import * as help from "../../commands/help.ts";
import * as invite from "../../commands/invite.ts";
import * as peers from "../../commands/peers.ts";
import * as quit from "../../commands/quit.ts";
import * as reg from "../../commands/reg.ts";
import * as send from "../../commands/send.ts";
import * as sendAll from "../../commands/send_all.ts";
import * as trust from "../../commands/trust.ts";
import * as verify from "../../commands/verify.ts";
import type { Action, Ref } from "../../core/action.ts";
import { addressKey } from "../../core/base/address.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import { Client, type ClientOptions } from "../../core/client/client.ts";
import { Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { handOver } from "../../core/durable/hand_over.ts";
import { beginningOf } from "../../core/durable/wall_clock.ts";
import { revocationOf, successionOf } from "../../core/messages/lineage.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import { type Notice, render } from "../../core/notice.ts";
import { Process, type ProcessOptions } from "./process.ts";
import { SERVER, type Surroundings } from "./surroundings.ts";

const FIRST_PORT = 20_000;

const COMMANDS = new Commands();
for (
  const [name, module] of Object.entries({
    dereg,
    help,
    invite,
    peers,
    quit,
    reg,
    send,
    sendAll,
    trust,
    verify,
  })
) {
  COMMANDS.addModule(name, module);
}

export type ClientSettings = Partial<ClientOptions> & ProcessOptions & {
  readonly host?: string;
  /** Its address each time; without one each start is on another port. */
  readonly port?: number;
};

export class Person extends Process {
  readonly nick: Nick;
  /** The identity that the file in the state folder would hold. */
  identity: Identity;
  /** Commands that are not over yet. */
  unsettled = 0;
  readonly #host: string;
  readonly #settings: ClientSettings;
  /** The key that the file of known servers would hold. */
  #serverKey: Key | undefined;
  #port = FIRST_PORT;
  /** True if the program that was started last is a script that only sends. */
  isScript = false;
  /** False if the next programs write into a pipe. */
  isAttended = true;

  /** `host`: of the computer. `serverKey`: of the server, if it is known before the first start. */
  constructor(surroundings: Surroundings, nick: Nick, host: string, settings: ClientSettings = {}) {
    super(surroundings, nick, settings);
    this.nick = nick;
    this.#host = settings.host ?? host;
    this.#settings = settings;
    this.#serverKey = settings.serverKey;
    this.identity = settings.identity ??
      new Identity(surroundings.primitives, surroundings.random(SECRETS_BYTES));
  }

  protected makeMachine(now: Millis, own: Address): Client {
    const options = {
      nick: this.nick,
      server: SERVER,
      serverName: "the server",
      own,
      candidates: [own],
      attempts: 5,
      interactive: false,
      sendsOnly: this.isScript,
      isAttended: this.isAttended && !this.isScript,
      invited: [],
      channelKey: undefined,
      durable: true,
      primitives: this.surroundings.primitives,
      stopwatch: this.surroundings.stopwatch,
      recalls: 0,
      foreword: [],
      ...this.#settings,
      serverKey: this.#serverKey,
      identity: this.identity,
    };
    return new Client(now, options, this.random, this.disk.read());
  }

  protected override noticed(notice: Notice, ref: Ref | undefined): void {
    if (notice.type === "settled") this.unsettled--;
    if (notice.type === "serverMet") this.#serverKey = notice.key;
    // A client says this in its log alone.
    if (notice.type !== "clockSet") super.noticed(notice, ref);
  }

  override get host(): string {
    return this.#host;
  }

  get key(): Key {
    return this.identity.keyPair.publicKey.toHex();
  }

  get online(): string {
    return `${this.nick} @ ${addressKey(this.address)} is ONLINE`;
  }

  get offline(): string {
    return `${this.nick} @ ${addressKey(this.address)} is OFFLINE`;
  }

  /** The ids of what waits in the outbox, oldest first. */
  get outbox(): string[] {
    return this.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  }

  // ---- what this person does -----------------------------------------------------------------------------

  /** Compares numbers with somebody, and finds them the same. */
  verifies(nick: Nick): void {
    this.looks();
    this.types(`verify ${nick}`);
    const [, digits] = / (\d{5})\]$/.exec(this.looks()[0] ?? "") ?? [];
    this.types(`verify ${nick} ${digits}`);
    this.sees(`[${nick} is marked as verified, 'trust ${nick}' takes the mark away.]`);
  }

  /** Starts the program, on a port that was not used before unless one is given. */
  starts(port?: number): void {
    this.opens(port);
    this.unsettled = 1;
    this.does({ type: "register", nick: this.nick });
  }

  /** Starts the program with these lines as its whole input, all of which send. */
  runsScript(...lines: readonly string[]): void {
    this.opens(undefined, true);
    this.unsettled = 1;
    this.does({ type: "register", nick: this.nick });
    for (const line of lines) this.types(line);
    this.endsInput();
  }

  /** Starts the program, which is asked for nothing yet. */
  opens(port: number = this.#settings.port ?? this.#port++, isScript = false): void {
    this.isScript = isScript;
    this.startAt({ host: this.#host, port });
  }

  /** Registers; starts the program for that if it does not run. */
  registers(): void {
    if (this.isAlive) this.does({ type: "register", nick: this.nick });
    else this.starts();
  }

  /** Types a line at the prompt. Returns the date, as it will stand in front of a letter. */
  types(line: string): string {
    const outcome = COMMANDS.runLine(line);
    if (outcome.type === "lines") this.shows(() => ({ stream: "screen", lines: outcome.lines }));
    if (outcome.type === "wrong") this.shows(() => ({ stream: "screen", lines: [outcome.reason] }));
    if (outcome.type === "actions") {
      this.unsettled += outcome.actions.length;
      for (const action of outcome.actions) this.act(action);
    }
    this.surroundings.runs(0);
    return this.surroundings.date;
  }

  /** Does something that no prompt stands before. */
  does(action: Action, ref?: Ref): void {
    this.unsettled += ref === undefined ? 0 : 1;
    this.act(action, ref);
    this.surroundings.runs(0);
  }

  /**
   * Sends a message that may have any characters. Returns the date, as it will stand in front of a letter.
   */
  writes(to: Nick, text: string): string {
    this.does({ type: "sendDirect", to, text });
    return this.surroundings.date;
  }

  posts(text: string): void {
    this.does({ type: "sendChannel", text });
  }

  /** The revocation that lies beside the identity. */
  get revocation(): VerbOf<"revoke"> {
    return { type: "revoke", nick: this.nick, ...revocationOf(this.identity, this.nick) };
  }

  /** Makes a successor of the identity: it counts from the next start on. */
  succeeds(): void {
    const { primitives, random } = this.surroundings;
    const secrets = random(SECRETS_BYTES);
    const successor = new Identity(primitives, secrets);
    const predecessors = [...this.identity.predecessors, successionOf(this.identity, successor, this.nick)];
    this.identity = new Identity(primitives, secrets, predecessors);
    this.disk.commit(handOver(beginningOf(this.disk.read(), this.wall), this.disk.read()));
  }

  deregisters(): void {
    this.does({ type: "deregister", nick: this.nick });
  }

  /** ctrl-c, ctrl-d, SIGTERM or SIGHUP. */
  pressesCtrlC(): void {
    this.does({ type: "leave" });
  }

  /** Piped input is at its end. */
  endsInput(): void {
    this.does({ type: "finish" });
  }
}

/** The lines for somebody to whom the server does not give a nick. */
export function isAnothers(nick: Nick): readonly string[] {
  return render({ type: "nickOfAnotherKey", nick }, () => 0).lines;
}
