/** Input that is read ahead. Nobody waits here: the limit resolves when the test says so. */
import { assert, assertEquals } from "@std/assert";
import { READ_AHEAD_BYTES } from "../../core/base/limits.ts";
import { Input } from "../../terminal/input.ts";

const textOf = (pieces: readonly Uint8Array[]) =>
  new TextDecoder().decode(Uint8Array.from(pieces.flatMap((it) => [...it])));

/** An input whose pieces come when the test writes them. */
class Pipe {
  readonly input: Input;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor() {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => this.#controller = controller });
    this.input = new Input(stream.getReader());
  }

  write(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.#controller.close();
  }

  breaks(): void {
    this.#controller.error(new Error("is a directory"));
  }

  /** All that is left of it. */
  async rest(): Promise<string> {
    const pieces: Uint8Array[] = [];
    for (let piece; (piece = await this.input.read()) !== undefined;) pieces.push(piece);
    return textOf(pieces);
  }
}

const NEVER = new Promise<void>(() => {});

Deno.test("an input that ends in time is there as a whole, and can be read after that", async () => {
  const pipe = new Pipe();
  pipe.write("send y ");
  const whole = pipe.input.readAhead(NEVER);
  pipe.write("hi\n");
  pipe.end();
  assertEquals(textOf((await whole)!), "send y hi\n");
  assertEquals(await pipe.rest(), "send y hi\n");
});

Deno.test("an empty input is one that has ended", async () => {
  const pipe = new Pipe();
  pipe.end();
  assertEquals(await pipe.input.readAhead(NEVER), []);
  assertEquals(await pipe.input.read(), undefined);
});

Deno.test("so is one that cannot be read", async () => {
  const pipe = new Pipe();
  pipe.breaks();
  assertEquals(await pipe.input.readAhead(NEVER), []);
  assertEquals(await pipe.input.read(), undefined);
});

Deno.test("when the time is over it goes on as if nothing had been read, and no piece is lost", async () => {
  const pipe = new Pipe();
  const limit = Promise.withResolvers<void>();
  pipe.write("one\n");
  const whole = pipe.input.readAhead(limit.promise);
  limit.resolve();
  assertEquals(await whole, undefined);
  pipe.write("two\n");
  const rest = pipe.rest();
  pipe.write("three\n");
  pipe.end();
  assertEquals(await rest, "one\ntwo\nthree\n");
});

Deno.test("an input without an end is read ahead no further than this", async () => {
  let bytes = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(65_536));
      bytes += 65_536;
    },
  }, { highWaterMark: 0 });
  assertEquals(await new Input(stream.getReader()).readAhead(NEVER), undefined);
  assert(bytes <= READ_AHEAD_BYTES + 65_536);
});
