/** The server on its computer, and what somebody who may read its disk finds there. */
import { assert } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import type { Primitives } from "../../core/base/crypto.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import { KEY, NICK } from "../../core/durable/records.ts";
import { beginningOf } from "../../core/durable/wall_clock.ts";
import type { Bundle } from "../../core/messages/identity.ts";
import type { Nick } from "../../core/messages/nick.ts";
import { releaseNick } from "../../core/server/nick_admin.ts";
import { Server, type ServerLimits, type ServerStatus } from "../../core/server/server.ts";
import { Process, type ProcessOptions } from "./process.ts";
import { NO_LIMITS } from "./samples.ts";
import { SERVER, type Surroundings } from "./surroundings.ts";

/** The server's name for itself. */
export const SERVER_NAME = "test";

export interface ServerProcessOptions extends ProcessOptions {
  readonly name?: string;
  readonly limits?: ServerLimits;
  /** The primitives that it computes with, if not those of everybody. */
  readonly primitives?: Primitives;
}

export class ServerProcess extends Process {
  /** From its next start on. */
  limits: ServerLimits;
  readonly #settings: ServerProcessOptions;
  #server: Server | undefined;

  constructor(surroundings: Surroundings, settings: ServerProcessOptions = {}) {
    super(surroundings, "SERVER", settings);
    this.limits = settings.limits ?? NO_LIMITS;
    this.#settings = settings;
  }

  protected makeMachine(now: Millis): Server {
    const { name = SERVER_NAME, primitives = this.surroundings.primitives } = this.#settings;
    const { stopwatch } = this.surroundings;
    const options = { name, durable: true, primitives, stopwatch, limits: this.limits };
    return this.#server = new Server(now, options, this.random, this.disk.read());
  }

  /** Each nick, and for how long its owner has not been there. */
  get idle(): Record<Nick, Millis> {
    assert(this.#server !== undefined);
    const nicks = this.#server.nicks(this.machineNow, 0, Infinity);
    return Object.fromEntries(nicks.map(({ nick, idleMs }) => [nick, idleMs]));
  }

  /** The server as its operator sees it. */
  get status(): ServerStatus {
    assert(this.#server !== undefined);
    return this.#server.status(this.machineNow);
  }

  starts(address: Address = SERVER): void {
    this.startAt(address);
  }

  /** Is killed and started again with what is on its disk. */
  restarts(): void {
    this.isKilled();
    this.starts();
    this.surroundings.runs(0);
  }

  /** Is stopped, a nick on its disk is given up by its operator, and it is started again. */
  releases(nick: Nick): void {
    this.isKilled();
    this.disk.commit(releaseNick(beginningOf(this.disk.read(), this.wall), this.disk.read(), nick));
    this.starts();
  }

  get key(): Key {
    return this.surroundings.primitives.keyPair(this.secret).publicKey.toHex();
  }

  /** The secret of its links. */
  get secret(): Uint8Array {
    const [key] = this.disk.keys().filter((name) => KEY.matches(name));
    const record = KEY.decode(this.disk.get(key!)!);
    assert(record !== MALFORMED);
    return Uint8Array.fromHex(record.secret);
  }

  /** The keys in the table, which everybody who may register can read. */
  bundleOf(nick: Nick): Bundle {
    const record = NICK.decode(this.disk.get(NICK.keyFor(nick))!);
    assert(record !== MALFORMED);
    return record.bundle;
  }
}
