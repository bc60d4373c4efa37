/**
 * The floor under encrypted figures: `Deno.listenDatagram` and one AEAD, without any protocol. `floor.ts`
 * opens packets, answers them and prints its port; `floor.ts PORT COUNT WINDOW EACH` sends COUNT messages of
 * 64 bytes, EACH of them in a packet and at most WINDOW without an answer, and prints its figures as one
 * line of JSON. An answer says up to which message all have come. Every second packet is answered, and one
 * behind which the sender has to wait.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { summarize } from "./summary.ts";

const AEAD = "chacha20-poly1305";
const TAG = { authTagLength: 16 };
const HEADER_BYTES = 13;
const NUMBER_AT = 9;
const TEXT_BYTES = 64;
/** Sequence number, time, text. */
const MESSAGE_BYTES = 4 + 6 + TEXT_BYTES;
const ANSWER_BYTES = 24;
const ANSWERED_PACKETS = 2;
const WARM_UP = 5_000;

const [KEY_OUT, KEY_BACK] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const received = new Uint8Array(2048);
const plain = new Uint8Array(2048);
const plainView = new DataView(plain.buffer);
const datagram = new Uint8Array(2048);
const datagramView = new DataView(datagram.buffer);
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);
let packets = 0;

/** Seals the first bytes of `plain` as the next datagram. */
function seal(key: Uint8Array, length: number): Uint8Array {
  datagramView.setUint32(NUMBER_AT, ++packets);
  nonceView.setUint32(4, packets, true);
  const cipher = createCipheriv(AEAD, key, nonce, TAG);
  datagram.set(cipher.update(plain.subarray(0, length)), HEADER_BYTES);
  cipher.final();
  datagram.set(cipher.getAuthTag(), HEADER_BYTES + length);
  return datagram.subarray(0, HEADER_BYTES + length + TAG.authTagLength);
}

function open(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  nonceView.setUint32(4, new DataView(bytes.buffer, bytes.byteOffset).getUint32(NUMBER_AT), true);
  const decipher = createDecipheriv(AEAD, key, nonce, TAG);
  const end = bytes.length - TAG.authTagLength;
  decipher.setAuthTag(bytes.subarray(end));
  const opened = decipher.update(bytes.subarray(HEADER_BYTES, end));
  decipher.final();
  return opened;
}

/** Opens packets for ever, and reads every text in them. */
async function answer(): Promise<never> {
  let unanswered = 0;
  for (;;) {
    const [bytes, from] = await socket.receive(received);
    const opened = open(KEY_OUT, bytes);
    const view = new DataView(opened.buffer, opened.byteOffset, opened.length);
    let last = 0;
    for (let at = 1; at < opened.length; at += MESSAGE_BYTES) {
      last = view.getUint32(at);
      const text = opened.subarray(at + MESSAGE_BYTES - TEXT_BYTES, at + MESSAGE_BYTES);
      if (String.fromCharCode(...text).length !== TEXT_BYTES) throw new Error("a text is too short");
    }
    if (++unanswered < ANSWERED_PACKETS && opened[0] === 0) continue;
    unanswered = 0;
    plainView.setUint32(0, last);
    await socket.send(seal(KEY_BACK, ANSWER_BYTES), from);
  }
}

/** Writes messages up to number `last`, the first of them `first`; returns the length. */
function write(first: number, last: number, isAwaited: boolean): number {
  plain[0] = isAwaited ? 1 : 0;
  let at = 1;
  for (let number = first; number <= last; number++) {
    plainView.setUint32(at, number);
    plain.fill(109, at + MESSAGE_BYTES - TEXT_BYTES, at + MESSAGE_BYTES);
    at += MESSAGE_BYTES;
  }
  return at;
}

async function send(to: Deno.NetAddr, count: number, window: number, each: number): Promise<void> {
  const total = count + WARM_UP;
  const times: number[] = [];
  let [sent, answered, began, at] = [0, 0, 0, 0];
  let wakeUp = () => {};
  // A receive is always pending, so that an answer is taken in while packets leave.
  const receive = async () => {
    while (answered < total) {
      const [bytes] = await socket.receive(received);
      const opened = open(KEY_BACK, bytes);
      answered = new DataView(opened.buffer, opened.byteOffset).getUint32(0);
      if (began > 0) times.push(performance.now() - at);
      else if (answered >= WARM_UP) began = performance.now();
      wakeUp();
    }
  };
  const done = receive();
  while (sent < total) {
    at = performance.now();
    while (sent < total && sent - answered < window) {
      const first = sent + 1;
      sent = Math.min(sent + each, total, answered + window);
      const isAwaited = sent === total || sent - answered === window;
      await socket.send(seal(KEY_OUT, write(first, sent, isAwaited)), to);
    }
    if (sent < total) await new Promise<void>((resolve) => wakeUp = resolve);
  }
  await done;
  const perSecond = count / ((performance.now() - began) / 1000);
  console.log(JSON.stringify({ ...summarize(times), perSecond }));
}

const [port, ...numbers] = Deno.args;
if (port === undefined) {
  console.log((socket.addr as Deno.NetAddr).port);
  await answer();
}
const [count = 0, window = 1, each = 1] = numbers.map(Number);
await send({ transport: "udp", hostname: "127.0.0.1", port: Number(port) }, count, window, each);
Deno.exit(0);
