/** What the tests of identity files need: a file, somebody who answers, and a secret that is known. */
import { dirname } from "node:path";
import { assertRejects } from "@std/assert";
import { type IdentityOptions, openIdentity } from "../../storage/identity_file.ts";
import { StoreError } from "../../storage/store_error.ts";

/** Runs with the path of a file that does not exist, in a folder that does not. */
export function withFile(work: (path: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      await work(`${folder}/parley/identity`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

export function nobody(question: string): Promise<string> {
  return Promise.reject(new Error(`nobody was to be asked '${question}'`));
}

/** Answers the questions in their order, and says which they were. */
export function user(...answers: readonly string[]) {
  const questions: string[] = [];
  const ask = (question: string) => {
    const answer = answers[questions.length];
    questions.push(question);
    return answer === undefined ? nobody(question) : Promise.resolve(answer);
  };
  return { ask, questions };
}

/** The secrets, with the file let go of again. */
export async function secretsOf(path: string, options: Partial<IdentityOptions> = {}): Promise<Uint8Array> {
  const identity = await openIdentity({ path, mayMake: false, protects: false, ask: nobody, ...options });
  identity.close();
  return identity.secrets;
}

export const make = (path: string, options: Partial<IdentityOptions> = {}) =>
  secretsOf(path, { mayMake: true, ...options });

export async function refusal(path: string, options: Partial<IdentityOptions> = {}): Promise<string> {
  return (await assertRejects(() => secretsOf(path, options), StoreError)).message;
}

export function write(path: string, text: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(path, text, { mode: 0o600 });
}

export const filesBeside = (path: string) =>
  [...Deno.readDirSync(dirname(path))].map(({ name }) => name).sort();

/** Two keys of 32 bytes as no random draw gives them. */
export const KNOWN = Uint8Array.from({ length: 64 }, (_, at) => at);
export const KNOWN_TEXT = textOf(KNOWN);

/** A file without a passphrase. */
export function textOf(secrets: Uint8Array): string {
  return `parley identity\n${secrets.toHex()}\n`;
}
