/**
 * The system's own calls on a socket that Deno has opened: many datagrams with one call, and a longer receive
 * buffer. Without them (system_library.ts) the socket goes on with Deno's. Each structure is as a 64-bit
 * Linux has it, and Deno runs on no other one (recvmmsg(2), socket(7), ip(7), ipv6(7)).
 */
import { ipv6Groups, ipv6Text } from "../core/base/address.ts";
import { remember } from "../core/base/bounded_map.ts";
import { DATAGRAM_BYTES, REMEMBERED_ADDRESSES } from "../core/base/limits.ts";
import type { Address, Datagram } from "../core/base/units.ts";
import { openSystemLibrary } from "./system_library.ts";

const LIBRARY = "libc.so.6";

/** So many datagrams are received or sent with one call. */
const BATCH = 64;

/** Asked of the kernel, which counts what it needs for each datagram as well: about 5,000 short ones. */
const KERNEL_BUFFER_BYTES = 4 * 1024 * 1024;

/** The kernel cuts off what does not fit. There is more room than for any datagram that is accepted. */
const SLOT_BYTES = 2048;

/** struct sockaddr_in6; a struct sockaddr_in is shorter. */
const NAME_BYTES = 28;
const NAME4_BYTES = 16;
const IOVEC_BYTES = 16;
const IOVEC_LENGTH_AT = 8;
/** struct mmsghdr: a struct msghdr, the length of the datagram, padding. */
const HEADER_BYTES = 64;
const NAME_LENGTH_AT = 8;
const IOVEC_AT = 16;
const IOVECS_AT = 24;
const LENGTH_AT = 56;

const AF_INET = 2;
const AF_INET6 = 10;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** The socket is looked for among so many files of the process: it has just been opened. */
const MOST_FILES = 1024;

const CALLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof CALLS>;

/** Room for a batch of datagrams with their addresses, laid out as recvmmsg and sendmmsg want it. */
class Batch {
  /** A buffer of its own, for the system writes to where it was when its address was taken. */
  readonly headers = new Uint8Array(new ArrayBuffer(BATCH * HEADER_BYTES));
  readonly #view = new DataView(this.headers.buffer);
  readonly #names = new Uint8Array(new ArrayBuffer(BATCH * NAME_BYTES));
  readonly #slots = new Uint8Array(new ArrayBuffer(BATCH * SLOT_BYTES));
  readonly #iovecs = new DataView(new ArrayBuffer(BATCH * IOVEC_BYTES));

  constructor() {
    const [names, slots, iovecs] = [this.#names, this.#slots, this.#iovecs].map(({ buffer }) =>
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer)))
    ) as [bigint, bigint, bigint];
    for (let at = 0; at < BATCH; at++) {
      this.#iovecs.setBigUint64(at * IOVEC_BYTES, slots + BigInt(at * SLOT_BYTES), true);
      this.#iovecs.setUint32(at * IOVEC_BYTES + IOVEC_LENGTH_AT, SLOT_BYTES, true);
      this.#view.setBigUint64(at * HEADER_BYTES, names + BigInt(at * NAME_BYTES), true);
      this.#view.setUint32(at * HEADER_BYTES + NAME_LENGTH_AT, NAME_BYTES, true);
      this.#view.setBigUint64(at * HEADER_BYTES + IOVEC_AT, iovecs + BigInt(at * IOVEC_BYTES), true);
      this.#view.setBigUint64(at * HEADER_BYTES + IOVECS_AT, 1n, true);
    }
  }

  name(at: number): Uint8Array {
    return this.#names.subarray(at * NAME_BYTES, (at + 1) * NAME_BYTES);
  }

  /** The datagram that was received in this place. The next call writes over it. */
  received(at: number): Uint8Array {
    const length = this.#view.getUint32(at * HEADER_BYTES + LENGTH_AT, true);
    return this.#slots.subarray(at * SLOT_BYTES, at * SLOT_BYTES + length);
  }

  put(at: number, name: Uint8Array, bytes: Uint8Array): void {
    this.#names.set(name, at * NAME_BYTES);
    this.#view.setUint32(at * HEADER_BYTES + NAME_LENGTH_AT, name.length, true);
    this.#slots.set(bytes, at * SLOT_BYTES);
    this.#iovecs.setUint32(at * IOVEC_BYTES + IOVEC_LENGTH_AT, bytes.length, true);
  }

  /** The kernel has written how long the names are. */
  makeRoom(count: number): void {
    for (let at = 0; at < count; at++) {
      this.#view.setUint32(at * HEADER_BYTES + NAME_LENGTH_AT, NAME_BYTES, true);
    }
  }
}

/** A socket of this process, called without Deno. */
export class NativeUdp {
  readonly #library: Library;
  readonly #file: number;
  readonly #family: number;
  readonly #in = new Batch();
  readonly #out = new Batch();
  /** Addresses by the names that the system gives them, and the other way round. */
  readonly #senders = new Map<string, Address>();
  readonly #names = new Map<string, Uint8Array>();

  private constructor(library: Library, file: number, family: number) {
    this.#library = library;
    this.#file = file;
    this.#family = family;
    this.#lengthenBuffer();
  }

  /** Finds the socket that is bound to this address; `undefined` where these calls cannot be used. */
  static of(address: Address): NativeUdp | undefined {
    const library = openSystemLibrary(LIBRARY, CALLS);
    if (library === undefined) return undefined;
    const family = address.host.includes(":") ? AF_INET6 : AF_INET;
    const file = fileOf(library, nameOf(address, family));
    if (file !== undefined) return new NativeUdp(library, file, family);
    library.close();
    return undefined;
  }

  /** Hands over the datagrams that wait, a batch at most. Their bytes hold until the next call. */
  receive(take: (bytes: Uint8Array, from: Address) => void): void {
    const count = this.#library.symbols.recvmmsg(this.#file, this.#in.headers, BATCH, MSG_DONTWAIT, null);
    for (let at = 0; at < count; at++) take(this.#in.received(at), this.#senderOf(this.#in.name(at)));
    this.#in.makeRoom(count);
  }

  /**
   * Sends datagrams from the one at `first` on, and returns how many have left. The one behind them has to be
   * sent otherwise: it would have to wait, or cannot leave, or has an address that only Deno understands.
   */
  send(datagrams: readonly Datagram[], first: number): number {
    let count = 0;
    for (; count < BATCH && first + count < datagrams.length; count++) {
      const { to, bytes } = datagrams[first + count]!;
      const name = bytes.length > DATAGRAM_BYTES ? undefined : this.#nameOf(to);
      if (name === undefined) break;
      this.#out.put(count, name, bytes);
    }
    if (count === 0) return 0;
    return Math.max(0, this.#library.symbols.sendmmsg(this.#file, this.#out.headers, count, MSG_DONTWAIT));
  }

  close(): void {
    this.#library.close();
  }

  /** As far as the system lets us (`net.core.rmem_max`), or as long as we want it, if we are root. */
  #lengthenBuffer(): void {
    const bytes = new Uint8Array(Uint32Array.of(KERNEL_BUFFER_BYTES).buffer);
    for (const option of [SO_RCVBUFFORCE, SO_RCVBUF]) {
      if (this.#library.symbols.setsockopt(this.#file, SOL_SOCKET, option, bytes, bytes.length) === 0) return;
    }
  }

  #senderOf(name: Uint8Array): Address {
    const key = String.fromCharCode(...name.subarray(2, this.#family === AF_INET ? 8 : 24));
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const address = addressIn(name);
    remember(this.#senders, key, address, REMEMBERED_ADDRESSES);
    return address;
  }

  #nameOf(to: Address): Uint8Array | undefined {
    const key = `${to.port} ${to.host}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = nameOf(to, this.#family);
    if (name !== undefined) remember(this.#names, key, name, REMEMBERED_ADDRESSES);
    return name;
  }
}

/** The number of the UDP socket that has this name. */
function fileOf({ symbols }: Library, wanted: Uint8Array | undefined): number | undefined {
  const name = new Uint8Array(NAME_BYTES);
  const type = new Uint32Array(1);
  for (let file = 0; wanted !== undefined && file < MOST_FILES; file++) {
    if (symbols.getsockname(file, name, Uint32Array.of(NAME_BYTES)) !== 0) continue;
    if (!wanted.every((byte, at) => byte === name[at])) continue;
    symbols.getsockopt(file, SOL_SOCKET, SO_TYPE, type, Uint32Array.of(type.byteLength));
    if (type[0] === SOCK_DGRAM) return file;
  }
  return undefined;
}

/** An address as a socket of this family names it; `undefined` for a host that is no plain address. */
function nameOf({ host, port }: Address, family: number): Uint8Array | undefined {
  const isIpv6 = /^[0-9a-f:]+$/i.test(host) && host.includes(":");
  const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1).map(Number);
  if (ipv4?.some((byte) => byte > 255) || (ipv4 === undefined && !(isIpv6 && family === AF_INET6))) {
    return undefined;
  }
  const name = new Uint8Array(family === AF_INET ? NAME4_BYTES : NAME_BYTES);
  const view = new DataView(name.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  if (family === AF_INET) name.set(ipv4!, 4);
  else if (ipv4 !== undefined) name.set([0xff, 0xff, ...ipv4], 18);
  else for (const [at, group] of ipv6Groups(host).entries()) view.setUint16(8 + 2 * at, group);
  return name;
}

function addressIn(name: Uint8Array): Address {
  const view = new DataView(name.buffer, name.byteOffset, name.byteLength);
  const port = view.getUint16(2);
  if (view.getUint16(0, true) === AF_INET) return { host: name.subarray(4, 8).join("."), port };
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return { host: isMapped ? name.subarray(20, 24).join(".") : ipv6Text(groups), port };
}
