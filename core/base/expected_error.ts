/**
 * An error whose message is a sentence for the user: something outside of the program does not let it go on. Every
 * other error that is thrown is a mistake of ours, and its stack is wanted.
 */
export class ExpectedError extends Error {
  override readonly name: string = "ExpectedError";
}
