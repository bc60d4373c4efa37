/** The UDP socket: it knows addresses and datagrams, but not their content. */
import { ExpectedError } from "../core/base/expected_error.ts";
import { DATAGRAM_BYTES } from "../core/base/limits.ts";
import type { Address, Datagram } from "../core/base/units.ts";
import { NativeUdp } from "./native_udp.ts";

/**
 * A datagram that came in. `bytes` belongs to the caller of `receive`, who has to `slice` what is kept for
 * long: many datagrams share a piece of memory.
 */
export interface ReceivedDatagram {
  readonly from: Address;
  readonly bytes: Uint8Array;
}

/** The network cannot be used. The message is a sentence for the user. */
export class NetworkError extends ExpectedError {
  override readonly name = "NetworkError";
}

/**
 * The kernel silently cuts off the bytes that do not fit, so the buffer is longer than any datagram that is
 * accepted: one that is too long is noticed. Without a buffer of ours Deno would allocate 64 KiB for every
 * datagram.
 */
const RECEIVE_BUFFER_BYTES = 2048;

/** Datagrams are received one behind the other into a piece of memory: one for each would cost too much. */
const PIECE_BYTES = 65_536;

/** Windows reports, at a later receive, that nobody listened where we sent to. That is no reason to end. */
const PEER_GONE = "ECONNRESET";

/** An IPv4 address as a socket for both versions shows it. It is shortened, or one peer would have two. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * A bound socket. Await each `send`: Deno sends a burst that nobody awaits in reverse order. Where it may, it
 * calls the system itself for all but the waiting (native_udp.ts).
 */
export class UdpSocket {
  readonly #connection: Deno.DatagramConn;
  #native: NativeUdp | undefined;
  /** The part of the present piece that no datagram has taken. */
  #piece = new Uint8Array(0);
  /** The sender of the last datagram, in Deno's words and in ours: mostly it is the next one's as well. */
  #lastFrom: { readonly hostname: string; readonly address: Address } | undefined;
  readonly #dropped = new Map<string, number>();
  #closed = false;

  constructor(connection: Deno.DatagramConn, native?: NativeUdp) {
    this.#connection = connection;
    this.#native = native;
  }

  /** The address that the socket is bound to; the port is the real one where 0 was asked for. */
  get address(): Address {
    return toAddress(this.#connection.addr);
  }

  /** How many datagrams were dropped here, by cause: an error's code, or OVERSIZE if one was too long. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  /**
   * Sends datagrams, in order. It never throws: to the protocol a datagram that could not leave is a lost
   * one, and its content is sent again in time. The bytes are not copied, so they must not change before this
   * resolves.
   */
  async send(datagrams: readonly Datagram[]): Promise<void> {
    for (let sent = 0;;) {
      sent += this.#native?.send(datagrams, sent) ?? 0;
      const next = datagrams[sent];
      if (next === undefined) return;
      await this.#sendOne(next);
      sent++;
    }
  }

  async #sendOne({ bytes, to }: Datagram): Promise<void> {
    try {
      await this.#connection.send(bytes, { transport: "udp", hostname: to.host, port: to.port });
    } catch (error) {
      this.#drop(causeOf(error));
    }
  }

  /**
   * Waits for the next datagrams; `undefined` once the socket is closed. Only one call may be pending: two
   * would share the buffer, and Deno answers the later one first.
   */
  async receive(): Promise<readonly ReceivedDatagram[] | undefined> {
    while (!this.#closed) {
      try {
        this.#makeRoom();
        const [bytes, from] = await this.#connection.receive(this.#piece.subarray(0, RECEIVE_BUFFER_BYTES));
        const received: ReceivedDatagram[] = [];
        this.#take(received, bytes.length, this.#senderOf(from as Deno.NetAddr));
        this.#native?.receive((bytes, from) => {
          this.#makeRoom();
          if (bytes.length <= DATAGRAM_BYTES) this.#piece.set(bytes);
          this.#take(received, bytes.length, from);
        });
        if (received.length > 0) return received;
      } catch (error) {
        if (this.#closed) break;
        if (causeOf(error) !== PEER_GONE) throw error;
        this.#drop(PEER_GONE);
      }
    }
    return undefined;
  }

  #makeRoom(): void {
    if (this.#piece.length < RECEIVE_BUFFER_BYTES) this.#piece = new Uint8Array(PIECE_BYTES);
  }

  /** Takes the datagram that stands at the beginning of the piece. */
  #take(received: ReceivedDatagram[], length: number, from: Address): void {
    if (length > DATAGRAM_BYTES) return this.#drop("OVERSIZE");
    received.push({ from, bytes: this.#piece.subarray(0, length) });
    this.#piece = this.#piece.subarray(length);
  }

  #senderOf(from: Deno.NetAddr): Address {
    const last = this.#lastFrom;
    if (last?.hostname === from.hostname && last.address.port === from.port) return last.address;
    const address = toAddress(from);
    this.#lastFrom = { hostname: from.hostname, address };
    return address;
  }

  /** Ends a pending `receive`. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The number of the socket may soon be that of another file.
    this.#native?.close();
    this.#native = undefined;
    this.#connection.close();
  }

  #drop(cause: string): void {
    this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + 1);
  }
}

/**
 * Binds a socket; port 0 lets the system choose. `portOption` is what the user would type to choose the port,
 * such as "-p". Throws a `NetworkError` when the address or the port cannot be had.
 */
export function bindUdp(host: string, port: number, portOption: string): UdpSocket {
  try {
    const connection = Deno.listenDatagram({ transport: "udp", hostname: host, port });
    return new UdpSocket(connection, NativeUdp.of(toAddress(connection.addr)));
  } catch (error) {
    // Deno's own message names the permission that is missing.
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new NetworkError(whyNotBound(error, host, port, portOption), { cause: error });
  }
}

function whyNotBound(error: unknown, host: string, port: number, portOption: string): string {
  switch (causeOf(error)) {
    case "EADDRINUSE":
      return `cannot listen on port ${port}: it is in use, choose another with '${portOption}'`;
    case "EACCES":
      return `cannot listen on port ${port}: permission denied, choose one above 1023 with '${portOption}'`;
    case "EADDRNOTAVAIL":
      return `cannot listen on '${host}': it is not an address of this machine, choose another with '--host'`;
    default:
      return `cannot listen on '${host}' port ${port}: ${error instanceof Error ? error.message : error}`;
  }
}

/** The code of an error, or else its class, which tells less: Deno makes EINVAL a TypeError. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function toAddress(address: Deno.Addr): Address {
  const { hostname, port } = address as Deno.NetAddr;
  return { host: MAPPED_IPV4.exec(hostname)?.[1] ?? hostname, port };
}
