/** Asks for a passphrase at the terminal, without echo. */
import { ReadStream } from "node:tty";
import { ExpectedError } from "../core/base/expected_error.ts";
import { ENDING_SIGNALS } from "./signals.ts";

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const NEW_LINE = 0x0a;
const RETURN = 0x0d;
const DELETE = 0x7f;
/** Nobody types more. */
const MOST_BYTES = 1024;

/**
 * A terminal is silent when it brought nothing in two turns: a read may be on its way when the first one
 * ends.
 */
const TURN_MS = 10;
const SILENT_TURNS = 2;
/** One that is never silent is given back all the same. */
const MOST_TURNS = 100;

/** Nobody answers. The message is a sentence for the user. */
export class PassphraseError extends ExpectedError {
  override readonly name = "PassphraseError";
}

/** The bytes behind the last answer: two lines that are pasted at once answer two questions. */
let ahead: readonly number[] = [];

/**
 * The terminal is given back however this ends, by a signal as well. The bytes that it holds at that moment
 * are read before there is echo again, so that half a passphrase comes neither to the screen nor to the next
 * reader, which may be a shell. Behind an answer they are kept for the question that may follow, and only for
 * that one. Without an answer they are dropped: they are the rest of something that was to be secret, and no
 * question follows.
 */
export async function askPassphrase(question: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) {
    throw new PassphraseError("cannot ask for the passphrase: standard input is not a terminal");
  }
  const answered = Promise.withResolvers<string>();
  const refuse = () => answered.reject(new PassphraseError("no passphrase was given"));
  for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, refuse);
  // First, so that nothing that is typed once the question is there can be seen.
  Deno.stdin.setRaw(true);
  say(question);
  // A read of Deno.stdin that waits cannot be taken back, and would steal the first keys of the next reader.
  const terminal = new ReadStream(0);
  const typed = new Typed(answered.resolve, refuse);
  typed.take(ahead);
  ahead = [];
  terminal.on("data", (bytes) => typed.take(bytes)).on("error", refuse).on("close", refuse);
  try {
    const answer = await answered.promise;
    ahead = typed.behind;
    return answer;
  } finally {
    await silence(terminal);
    terminal.destroy();
    for (const signal of ENDING_SIGNALS) Deno.removeSignalListener(signal, refuse);
    Deno.stdin.setRaw(false);
    say("\n");
  }
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function silence(terminal: ReadStream): Promise<void> {
  for (let turns = 0, silent = 0; silent < SILENT_TURNS && turns < MOST_TURNS; turns++) {
    const before = terminal.bytesRead;
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    silent = terminal.bytesRead === before ? silent + 1 : 0;
  }
}

/** The keys of one answer, and the bytes that came behind its end. */
class Typed {
  readonly #answer: number[] = [];
  readonly #answered: (answer: string) => void;
  readonly #refuse: () => void;
  readonly behind: number[] = [];
  #isOver = false;

  constructor(answered: (answer: string) => void, refuse: () => void) {
    this.#answered = answered;
    this.#refuse = refuse;
  }

  take(bytes: Iterable<number>): void {
    for (const byte of bytes) {
      if (!this.#isOver) this.#press(byte);
      else if (this.behind.length < MOST_BYTES) this.behind.push(byte);
    }
  }

  #press(byte: number): void {
    switch (byte) {
      case RETURN:
      case NEW_LINE:
        this.#isOver = true;
        return this.#answered(new TextDecoder().decode(Uint8Array.from(this.#answer)));
      case CTRL_C:
      case CTRL_D:
        this.#isOver = true;
        return this.#refuse();
      case BACKSPACE:
      case DELETE:
        return dropLast(this.#answer);
      default:
        if (this.#answer.length < MOST_BYTES) this.#answer.push(byte);
    }
  }
}

/** The last character, which may have several bytes of UTF-8. */
function dropLast(bytes: number[]): void {
  for (let byte = bytes.pop(); byte !== undefined && (byte & 0xc0) === 0x80;) byte = bytes.pop();
}
