/**
 * A program for the tests of the passphrase: asks its arguments as questions and says what it was answered.
 */
import { askPassphrase, PassphraseError } from "../../terminal/passphrase.ts";

try {
  for (const question of Deno.args) {
    console.log(`got ${JSON.stringify(await askPassphrase(`${question} `))}`);
  }
} catch (error) {
  if (!(error instanceof PassphraseError)) throw error;
  console.log(error.message);
  Deno.exit(1);
}
