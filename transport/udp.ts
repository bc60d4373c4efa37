/** The UDP socket: it knows addresses and datagrams, and nothing of what is in them. */
import { ExpectedError } from "../core/base/expected_error.ts";
import { DATAGRAM_BYTES } from "../core/base/limits.ts";
import type { Address } from "../core/base/units.ts";

/** A datagram as it came in. `bytes` is a copy and belongs to the receiver. */
export interface ReceivedDatagram {
  readonly from: Address;
  readonly bytes: Uint8Array;
}

/** What keeps the network from being used. The message is a sentence for the user. */
export class NetworkError extends ExpectedError {
  override readonly name = "NetworkError";
}

/** The kernel cuts off silently what does not fit, so the buffer has to be longer than what is accepted. */
const RECEIVE_BUFFER_BYTES = 2048;

/** So Windows says at a later receive that nobody listened where we sent to. One peer less is no reason to end. */
const PEER_GONE = "ECONNRESET";

/** IPv4 seen through a socket that serves both versions: without this one peer would have two addresses. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * A bound socket. Await each `send` before the next one: Deno sends a burst that nobody awaits in reverse order.
 */
export class UdpSocket {
  readonly #connection: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
  readonly #dropped = new Map<string, number>();
  #closed = false;

  constructor(connection: Deno.DatagramConn) {
    this.#connection = connection;
  }

  /** Where the socket is bound; the port is the real one where 0 was asked for. */
  get address(): Address {
    return toAddress(this.#connection.addr);
  }

  /** Datagrams dropped here, by cause: the code of an error, or OVERSIZE for one that came in too long. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  /**
   * Sends one datagram. Never throws: to the protocol a datagram that could not leave is one that was lost, and
   * is sent again in time. The bytes are not copied: they must not change before this resolves.
   */
  async send(bytes: Uint8Array, to: Address): Promise<void> {
    try {
      await this.#connection.send(bytes, { transport: "udp", hostname: to.host, port: to.port });
    } catch (error) {
      this.#drop(causeOf(error));
    }
  }

  /**
   * The next datagram, or `undefined` once the socket is closed. One call at a time: two would share the
   * buffer, and Deno answers the later one first.
   */
  async receive(): Promise<ReceivedDatagram | undefined> {
    while (!this.#closed) {
      try {
        const [bytes, from] = await this.#connection.receive(this.#buffer);
        if (bytes.length <= DATAGRAM_BYTES) return { from: toAddress(from), bytes: bytes.slice() };
        this.#drop("OVERSIZE");
      } catch (error) {
        if (this.#closed) break;
        if (causeOf(error) !== PEER_GONE) throw error;
        this.#drop(PEER_GONE);
      }
    }
    return undefined;
  }

  /** Ends a pending `receive`. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
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
    return new UdpSocket(Deno.listenDatagram({ transport: "udp", hostname: host, port }));
  } catch (error) {
    // Deno itself says best which permission it was not given.
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

/** The code where there is one: Deno's error classes do not tell what failed (EINVAL is a TypeError). */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function toAddress(address: Deno.Addr): Address {
  const { hostname, port } = address as Deno.NetAddr;
  return { host: MAPPED_IPV4.exec(hostname)?.[1] ?? hostname, port };
}
