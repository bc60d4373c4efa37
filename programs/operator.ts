/** The methods of a running server for its operator, who asks through its socket. */
import { isAbsolute } from "node:path";
import type { Action } from "../core/action.ts";
import { NICKS_PER_ANSWER } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { isNick, type NickKey, nickKey } from "../core/messages/nick.ts";
import type { Notice } from "../core/notice.ts";
import type { Server } from "../core/server/server.ts";
import { StoreError } from "../storage/store_error.ts";
import { InvalidParams, type RpcHandlers, type RpcParams } from "../transport/rpc_connection.ts";
import type { BackupAnswer } from "./backup.ts";
import type { NicksAnswer, ReleaseAnswer } from "./nicks.ts";
import type { StatusAnswer } from "./status.ts";

export interface OperatorOptions {
  readonly machine: Pick<Server, "nicks">;
  /** The machine's own time. */
  now(): Millis;
  /** Hands an action to the machine. */
  act(action: Action): void;
  status(): StatusAnswer;
  /** Copies the data into a new file, and returns its length; `undefined` if nothing is kept. */
  readonly backup: ((path: string) => Promise<number>) | undefined;
}

export class Operator {
  readonly #options: OperatorOptions;
  /** The callers that wait for the release of a nick, in the order in which they asked. */
  readonly #releases = new Map<NickKey, ((answer: ReleaseAnswer) => void)[]>();

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  get handlers(): RpcHandlers {
    return {
      methods: {
        status: () => this.#options.status(),
        nicks: (params) => this.#nicks(params),
        release: (params) => this.#release(params),
        backup: (params) => this.#backup(params),
      },
    };
  }

  /** The machine has said something, and whatever it has saved before that is on the disk. */
  noticed(notice: Notice): void {
    if (notice.type !== "released") return;
    const { nick, outcome, letters } = notice;
    const waiting = this.#releases.get(nickKey(nick)) ?? [];
    waiting.shift()?.({ nick, outcome, letters });
    if (waiting.length === 0) this.#releases.delete(nickKey(nick));
  }

  #nicks(params: RpcParams): NicksAnswer {
    const { machine, now } = this.#options;
    const nicks = machine.nicks(now(), wholeNumber(params, "behind"), NICKS_PER_ANSWER);
    return { nicks, isLast: nicks.length < NICKS_PER_ANSWER };
  }

  #release(params: RpcParams): Promise<ReleaseAnswer> {
    const { nick } = params;
    if (typeof nick !== "string" || !isNick(nick)) throw new InvalidParams("'nick' is not a nick");
    const idle = wholeNumber(params, "idleMs");
    return new Promise((resolve) => {
      this.#releases.set(nickKey(nick), [...this.#releases.get(nickKey(nick)) ?? [], resolve]);
      this.#options.act({ type: "release", nick, idle });
    });
  }

  async #backup({ path }: RpcParams): Promise<BackupAnswer> {
    if (typeof path !== "string" || !isAbsolute(path)) {
      throw new InvalidParams("'path' is not an absolute path");
    }
    const { backup } = this.#options;
    if (backup === undefined) throw new StoreError("cannot copy the server's data: it keeps nothing");
    return { bytes: await backup(path) };
  }
}

function wholeNumber(params: RpcParams, name: string): number {
  const value = params[name] ?? 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidParams(`'${name}' is not a whole number`);
}
