/**
 * An error whose message is a sentence for the user: something outside the program, such as a file or a port,
 * does not let it go on. Any other error that is thrown is a fault of the program, and is shown with its
 * stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = "ExpectedError";
}
