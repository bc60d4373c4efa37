/** Asks for a passphrase at the terminal, without echo. */
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

/** Nobody answers. The message is a sentence for the user. */
export class PassphraseError extends ExpectedError {
  override readonly name = "PassphraseError";
}

/** What was read behind the last answer: whoever pastes two lines answers two questions. */
let ahead: number[] = [];

/** The terminal is given back however this ends, by a signal as well. */
export async function askPassphrase(question: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) {
    throw new PassphraseError("cannot ask for the passphrase: standard input is not a terminal");
  }
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(new PassphraseError("no passphrase was given"));
  for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, end);
  // First, so that nothing that is typed once the question is there can be seen.
  Deno.stdin.setRaw(true);
  say(question);
  try {
    return new TextDecoder().decode(Uint8Array.from(await Promise.race([readAnswer(), ended.promise])));
  } finally {
    for (const signal of ENDING_SIGNALS) Deno.removeSignalListener(signal, end);
    Deno.stdin.setRaw(false);
    say("\n");
  }
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function readAnswer(): Promise<number[]> {
  const answer: number[] = [];
  const buffer = new Uint8Array(256);
  for (;;) {
    for (let byte; (byte = ahead.shift()) !== undefined;) {
      if (byte === RETURN || byte === NEW_LINE) return answer;
      if (byte === CTRL_C || byte === CTRL_D) throw new PassphraseError("no passphrase was given");
      if (byte === BACKSPACE || byte === DELETE) dropLast(answer);
      else if (answer.length < MOST_BYTES) answer.push(byte);
    }
    const count = await Deno.stdin.read(buffer);
    if (count === null) throw new PassphraseError("no passphrase was given");
    ahead = [...buffer.subarray(0, count)];
  }
}

/** The last character, which may have several bytes of UTF-8. */
function dropLast(bytes: number[]): void {
  for (let byte = bytes.pop(); byte !== undefined && (byte & 0xc0) === 0x80;) byte = bytes.pop();
}
