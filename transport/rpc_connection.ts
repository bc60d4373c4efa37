/**
 * One end of a JSON-RPC 2.0 connection (https://www.jsonrpc.org/specification), one object a line. Both ends
 * may ask and notify. Arrays of requests and parameters by position are refused.
 */
import { utf8Length } from "../core/base/bytes.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { jsonLine } from "../core/base/json_line.ts";
import {
  RPC_CLOSE_MS,
  RPC_LINE_BYTES,
  RPC_OPEN_REQUESTS,
  RPC_QUEUE_BYTES,
  RPC_SILENT_BEATS,
} from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";

/** The codes of errors: those of the specification, and ours, from -32000 down. */
export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  unknownMethod: -32601,
  invalidParams: -32602,
  /** A fault of the program that was asked. */
  fault: -32603,
  /** A request cannot be done; the message is a sentence for the user. */
  failed: -32000,
  /** Too many requests are open, or too many programs connected. */
  busy: -32001,
  /** The connection was closed before the answer came. */
  closed: -32002,
} as const;

/** The error of an answer, or the end of a connection. A method that throws one chooses what is answered. */
export class RpcError extends ExpectedError {
  override readonly name: string = "RpcError";
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Parameters that a method cannot take. The message names the field. */
export class InvalidParams extends RpcError {
  override readonly name = "InvalidParams";

  constructor(message: string) {
    super(RPC_CODES.invalidParams, message);
  }
}

export type RpcParams = Readonly<Record<string, unknown>>;

/** The methods that one end runs for the other. */
export interface RpcHandlers {
  /**
   * The methods that the other end may call. One returns what is answered, or a promise of it, or throws: an
   * `RpcError` is answered as it is, the sentence of any other `ExpectedError` as `failed`.
   */
  readonly methods?: Readonly<Record<string, (params: RpcParams) => unknown>>;
  /** Takes a notification. */
  notified?(method: string, params: RpcParams): void;
}

/** The bytes below: `Deno.Conn` is one. */
export interface ByteStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** How an end notices that the other one is dead though the connection stands. */
export interface Heartbeat {
  /** One end says that it lives, the other one listens for that. */
  readonly role: "beats" | "listens";
  readonly every: Millis;
}

/** The id of a request. */
type Id = string | number | null;

/** Answers make the one who asked for them wait; notifications are dropped when there are too many. */
type Kind = "answer" | "notification" | "request";

interface QueuedLine {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

interface Asker {
  resolve(result: unknown): void;
  reject(error: RpcError): void;
}

const NEWLINE = 0x0a;
const READ_BYTES = 65_536;
const HEARTBEAT = "heartbeat";

export class RpcConnection {
  /** Resolves, and never rejects, once the connection is closed and nothing of it remains; says why. */
  readonly closed: Promise<RpcError>;
  readonly #stream: ByteStream;
  #handlers: RpcHandlers = {};
  readonly #heartbeat: Heartbeat;
  readonly #beat: ReturnType<typeof setInterval>;
  /** Our requests that are not answered yet, by their ids. */
  readonly #asked = new Map<number, Asker>();
  #lastId = 0;
  /** Requests of the other end whose answers have not left yet. */
  #open = 0;
  #queue: QueuedLine[] = [];
  readonly #queuedBytes: Record<Kind, number> = { answer: 0, notification: 0, request: 0 };
  /** Set when the connection is to end: what is queued still leaves, and nothing is read or queued. */
  #end: RpcError | undefined;
  /** True once the other end says nothing any more. */
  #heardAll = false;
  #silentBeats = 0;
  /** Bytes of the line that has begun. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** Wakes the writer, and the reader where it waits for the writer. */
  #wakeWriter = () => {};
  #wakeReader = () => {};
  readonly #writing: Promise<void>;
  #reading: Promise<void> | undefined;
  /** True once nothing that is written gets to the other end any more. */
  #isUnheard = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #resolveClosed: (why: RpcError) => void;

  constructor(stream: ByteStream, heartbeat: Heartbeat) {
    this.#stream = stream;
    this.#heartbeat = heartbeat;
    const { promise, resolve } = Promise.withResolvers<RpcError>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#beat = setInterval(() => this.#onBeat(), heartbeat.every);
    this.#writing = this.#write();
  }

  /** From now on what the other end says is taken. It is called once. */
  start(handlers: RpcHandlers): void {
    this.#handlers = handlers;
    this.#reading = this.#read();
  }

  /** Ends the connection, and tells the other end why. */
  refuse(why: RpcError): void {
    this.#answer(null, { error: why });
    this.#finish(why);
  }

  /** Asks the other end. Rejects with an `RpcError`: what it answered, or that the connection has ended. */
  request(method: string, params: RpcParams = {}): Promise<unknown> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    const bytes = encodeLine({ jsonrpc: "2.0", id, method, params });
    if (bytes === undefined) {
      return Promise.reject(new InvalidParams(`the request is longer than ${RPC_LINE_BYTES} bytes`));
    }
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#enqueue("request", bytes);
    });
  }

  /**
   * Tells the other end something. Returns false if it was not told: it reads too slowly, or the connection
   * has ended. So the caller can count what was missed, and say that once it is true again.
   */
  notify(method: string, params: RpcParams): boolean {
    if (this.#end !== undefined) return false;
    const bytes = encodeLine({ jsonrpc: "2.0", method, params });
    if (bytes === undefined || this.#queuedBytes.notification + bytes.length > RPC_QUEUE_BYTES) return false;
    this.#enqueue("notification", bytes);
    return true;
  }

  /** Ends the connection after what is queued, for which the other end has `RPC_CLOSE_MS`. */
  close(): Promise<RpcError> {
    this.#finish(new RpcError(RPC_CODES.closed, "the connection was closed"));
    return this.closed;
  }

  // ---- reading -------------------------------------------------------------------------------------------

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (this.#end === undefined) {
      // A connection that is reset has ended as well.
      const count = await this.#stream.read(buffer).catch(() => null);
      if (count === null) return this.#onHeardAll();
      this.#silentBeats = 0;
      let rest = buffer.subarray(0, count);
      for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE)) {
        this.#extendLine(rest.subarray(0, at));
        if (this.#end !== undefined) return;
        const line = joined(this.#begun, this.#begunBytes);
        [this.#begun, this.#begunBytes] = [[], 0];
        this.#onLine(line);
        await this.#roomForAnswers();
        rest = rest.subarray(at + 1);
      }
      this.#extendLine(rest);
    }
  }

  #extendLine(bytes: Uint8Array): void {
    this.#begunBytes += bytes.length;
    if (this.#begunBytes <= RPC_LINE_BYTES) return void this.#begun.push(bytes.slice());
    this.refuse(new RpcError(RPC_CODES.invalidRequest, `a line is longer than ${RPC_LINE_BYTES} bytes`));
  }

  /** The other end asks nothing more. It may still read the answers to what it has asked. */
  #onHeardAll(): void {
    if (this.#isClosed) return;
    this.#heardAll = true;
    const error = new RpcError(RPC_CODES.closed, "the other end has closed the connection");
    this.#rejectAsked(error);
    if (this.#open === 0 || this.#isUnheard) return this.#finish(error);
    // One that has closed altogether is found out at once, since nothing can be written to it.
    this.notify(HEARTBEAT, {});
  }

  /** Waits while the other end asks, and does not read the answers. */
  async #roomForAnswers(): Promise<void> {
    while (this.#queuedBytes.answer > RPC_QUEUE_BYTES && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  #onLine(line: Uint8Array): void {
    const message = parsed(line);
    if (message === undefined) {
      return this.#answer(null, { error: new RpcError(RPC_CODES.parseError, "the line is not JSON") });
    }
    if (!isObject(message) || message["jsonrpc"] !== "2.0") return this.#refuse(message);
    const { method } = message;
    if (method === undefined && ("result" in message || "error" in message)) return this.#onAnswer(message);
    const params = message["params"] ?? {};
    if (typeof method !== "string" || !isIdOrAbsent(message["id"])) return this.#refuse(message);
    if (message["id"] !== undefined) return void this.#onRequest(message["id"], method, params);
    if (method !== HEARTBEAT && isObject(params)) this.#handlers.notified?.(method, params);
  }

  #refuse(message: unknown): void {
    const id = isObject(message) && isIdOrAbsent(message["id"]) ? message["id"] ?? null : null;
    this.#answer(id, {
      error: new RpcError(RPC_CODES.invalidRequest, "the line is not a JSON-RPC 2.0 request"),
    });
  }

  async #onRequest(id: Id, method: string, params: unknown): Promise<void> {
    if (this.#open >= RPC_OPEN_REQUESTS) {
      const error = new RpcError(RPC_CODES.busy, `${RPC_OPEN_REQUESTS} requests are open already`);
      return this.#answer(id, { error });
    }
    this.#open++;
    try {
      this.#answer(id, { result: await this.#call(method, params) ?? null });
    } catch (error) {
      this.#answer(id, { error: asRpcError(error) });
    }
    this.#open--;
    if (this.#heardAll && this.#open === 0) this.#onHeardAll();
  }

  #call(method: string, params: unknown): unknown {
    const { methods = {} } = this.#handlers;
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (run === undefined) throw new RpcError(RPC_CODES.unknownMethod, `there is no method '${method}'`);
    if (!isObject(params)) throw new InvalidParams("the parameters are not an object");
    return run(params);
  }

  #onAnswer(message: RpcParams): void {
    const { id, error } = message;
    const told = isObject(error)
      ? new RpcError(Number(error["code"]), String(error["message"]), error["data"])
      : undefined;
    const asker = typeof id === "number" ? this.#asked.get(id) : undefined;
    if (typeof id === "number") this.#asked.delete(id);
    // An error that answers no request is about the connection.
    if (asker === undefined) return id === null && told !== undefined ? this.#finish(told) : undefined;
    if (told !== undefined) asker.reject(told);
    else asker.resolve(message["result"]);
  }

  // ---- writing -------------------------------------------------------------------------------------------

  #answer(id: Id, outcome: { readonly result: unknown } | { readonly error: RpcError }): void {
    if (this.#end !== undefined) return;
    const bytes = encodeLine({ jsonrpc: "2.0", id, ...withPlainError(outcome) });
    if (bytes !== undefined) return this.#enqueue("answer", bytes);
    const error = new RpcError(RPC_CODES.fault, `the answer is longer than ${RPC_LINE_BYTES} bytes`);
    this.#answer(id, { error });
  }

  #enqueue(kind: Kind, bytes: Uint8Array): void {
    if (this.#isUnheard) return;
    this.#queue.push({ kind, bytes });
    this.#queuedBytes[kind] += bytes.length;
    this.#wakeWriter();
  }

  async #write(): Promise<void> {
    for (;;) {
      const lines = this.#queue;
      this.#queue = [];
      for (const { kind, bytes } of lines) {
        try {
          for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
        } catch {
          return this.#onUnheard();
        }
        this.#queuedBytes[kind] -= bytes.length;
        this.#wakeReader();
      }
      if (this.#queue.length > 0) continue;
      if (this.#end !== undefined) return this.#shut(this.#end);
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  /** The other end is gone. Its last words are still read, such as why it has gone. */
  #onUnheard(): void {
    this.#isUnheard = true;
    this.#queue = [];
    this.#queuedBytes.answer = 0;
    this.#wakeReader();
    if (this.#end !== undefined) this.#shut(this.#end);
    else if (this.#heardAll) this.#onHeardAll();
  }

  // ---- the end -------------------------------------------------------------------------------------------

  #onBeat(): void {
    if (this.#heartbeat.role === "beats") {
      // One that waits already tells as much.
      if (this.#queue.length === 0) this.notify(HEARTBEAT, {});
    } else if (++this.#silentBeats > RPC_SILENT_BEATS) {
      this.#shut(new RpcError(RPC_CODES.closed, "the other end is silent"));
    }
  }

  #finish(why: RpcError): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#rejectAsked(why);
    if (this.#isUnheard) return this.#shut(why);
    this.#closeTimer = setTimeout(() => this.#shut(why), RPC_CLOSE_MS);
    this.#wakeWriter();
  }

  #shut(why: RpcError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const end = this.#end ??= why;
    clearTimeout(this.#closeTimer);
    clearInterval(this.#beat);
    this.#stream.close();
    this.#rejectAsked(end);
    this.#wakeReader();
    this.#wakeWriter();
    Promise.all([this.#reading, this.#writing]).then(() => this.#resolveClosed(end));
  }

  #rejectAsked(why: RpcError): void {
    const askers = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of askers) reject(why);
  }
}

/** The line with its end, or `undefined` for one that the other end would not take. */
function encodeLine(message: unknown): Uint8Array<ArrayBuffer> | undefined {
  const line = jsonLine(message);
  if (utf8Length(line) > RPC_LINE_BYTES) return undefined;
  return new TextEncoder().encode(`${line}\n`);
}

function withPlainError(outcome: { readonly result: unknown } | { readonly error: RpcError }) {
  if ("result" in outcome) return outcome;
  const { code, message, data } = outcome.error;
  return { error: { code, message, data } };
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof ExpectedError) return new RpcError(RPC_CODES.failed, error.message);
  const stack = error instanceof Error ? error.stack : undefined;
  return new RpcError(RPC_CODES.fault, String(error), { stack });
}

function parsed(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is RpcParams {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIdOrAbsent(value: unknown): value is Id | undefined {
  return value === undefined || value === null || typeof value === "string" || typeof value === "number";
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
