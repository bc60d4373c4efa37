/**
 * The handshake `Noise_IK_25519_ChaChaPoly_SHA256`. Sections are those of The Noise Protocol Framework,
 * revision 34. IK is the pattern (section 7.5):
 *
 *     <- s
 *     ...
 *     -> e, es, s, ss
 *     <- e, ee, se
 *
 * The initiator knows the responder's static key before it begins, and sends its own one sealed. The names of
 * the functions are those of the text. Both ephemeral key pairs are handed in, since the core draws no random
 * bytes. `tests/core/wire/` holds this against published vectors.
 */
import { KEY_BYTES, type KeyPair, type Primitives, TAG_BYTES } from "../base/crypto.ts";

/** The name has exactly the length of a hash, 32 bytes, so it is itself the first hash (section 5.2). */
const PROTOCOL = new TextEncoder().encode("Noise_IK_25519_ChaChaPoly_SHA256");
/** HKDF counts its outputs from 1 (section 4.3). */
const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);
const NONE = new Uint8Array(0);

/** The keys under which the two sides send (section 5.2, Split), and the handshake hash (section 11.2). */
export interface TransportKeys {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly hash: Uint8Array;
}

/** The parameters that stay the same from handshake to handshake. */
export interface Parameters {
  readonly primitives: Primitives;
  /** Any bytes; the handshake fails unless both sides have the same (section 6). */
  readonly prologue: Uint8Array;
  readonly staticKey: KeyPair;
}

/** `SymmetricState` with the `CipherState` that it contains (sections 5.2 and 5.1). */
class SymmetricState {
  readonly #primitives: Primitives;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #key: Uint8Array = NONE;
  #nonce = 0;

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
    this.#chainingKey = PROTOCOL;
    this.#hash = PROTOCOL;
  }

  /** A copy for a step that may fail, so that the failure leaves the original as it was. */
  copy(): SymmetricState {
    const copy = new SymmetricState(this.#primitives);
    copy.#chainingKey = this.#chainingKey;
    copy.#hash = this.#hash;
    copy.#key = this.#key;
    copy.#nonce = this.#nonce;
    return copy;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = this.#primitives.hash(this.#hash, data);
  }

  mixKey(material: Uint8Array): void {
    [this.#chainingKey, this.#key] = this.#hkdf(material);
    this.#nonce = 0;
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.#primitives.seal(this.#key, this.#nonce++, this.#hash, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#primitives.open(this.#key, this.#nonce++, this.#hash, ciphertext);
    this.mixHash(ciphertext);
    return plaintext;
  }

  split(): TransportKeys {
    const [initiator, responder] = this.#hkdf(NONE);
    return { initiator, responder, hash: this.#hash };
  }

  /** HKDF with two outputs (section 4.3). */
  #hkdf(material: Uint8Array): [Uint8Array, Uint8Array] {
    const { mac } = this.#primitives;
    const temporary = mac(this.#chainingKey, material);
    const first = mac(temporary, ONE);
    return [first, mac(temporary, first, TWO)];
  }
}

/**
 * Section 5.3, Initialize: both sides mix in the prologue and the pre-message, the responder's static key.
 */
function begin({ primitives, prologue }: Parameters, responderKey: Uint8Array): SymmetricState {
  const state = new SymmetricState(primitives);
  state.mixHash(prologue);
  state.mixHash(responderKey);
  return state;
}

/** The side that sends the first message. */
export class NoiseInitiator {
  readonly #parameters: Parameters;
  readonly #ephemeral: KeyPair;
  readonly #remoteStatic: Uint8Array;
  #state: SymmetricState;

  constructor(parameters: Parameters, ephemeral: KeyPair, remoteStatic: Uint8Array) {
    this.#parameters = parameters;
    this.#ephemeral = ephemeral;
    this.#remoteStatic = remoteStatic;
    this.#state = begin(parameters, remoteStatic);
  }

  /**
   * Writes `e, es, s, ss`: 32 bytes of ephemeral key, 48 of sealed static key, then the sealed payload with a
   * tag of 16. Call it once. `undefined` when the responder's key is not valid (of low order).
   */
  writeMessage(payload: Uint8Array): Uint8Array | undefined {
    const { staticKey } = this.#parameters;
    const es = this.#ephemeral.agree(this.#remoteStatic);
    const ss = staticKey.agree(this.#remoteStatic);
    if (es === undefined || ss === undefined) return undefined;
    const state = this.#state;
    state.mixHash(this.#ephemeral.publicKey);
    state.mixKey(es);
    const sealedKey = state.encryptAndHash(staticKey.publicKey);
    state.mixKey(ss);
    return Uint8Array.of(...this.#ephemeral.publicKey, ...sealedKey, ...state.encryptAndHash(payload));
  }

  /**
   * Reads `e, ee, se`; `undefined` when the message is forged. A forged one does no harm, the genuine one may
   * still be read.
   */
  readMessage(message: Uint8Array): { payload: Uint8Array; keys: TransportKeys } | undefined {
    if (message.length < KEY_BYTES + TAG_BYTES) return undefined;
    const remote = message.subarray(0, KEY_BYTES);
    const ee = this.#ephemeral.agree(remote);
    const se = this.#parameters.staticKey.agree(remote);
    if (ee === undefined || se === undefined) return undefined;
    const state = this.#state.copy();
    state.mixHash(remote);
    state.mixKey(ee);
    state.mixKey(se);
    const payload = state.decryptAndHash(message.subarray(KEY_BYTES));
    return payload === undefined ? undefined : { payload, keys: state.split() };
  }
}

/**
 * The side that answers. It reads one message: a forged one has spoilt its state, and it must not be used
 * again.
 */
export class NoiseResponder {
  readonly #parameters: Parameters;
  readonly #state: SymmetricState;
  #remoteEphemeral: Uint8Array = NONE;
  #remoteStatic: Uint8Array = NONE;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
    this.#state = begin(parameters, parameters.staticKey.publicKey);
  }

  /**
   * Reads `e, es, s, ss`: the initiator's static key, which is proved, and the payload; `undefined` when the
   * message is forged. The message may be a replay (section 7.7, payload security properties).
   */
  readMessage(message: Uint8Array): { remoteStatic: Uint8Array; payload: Uint8Array } | undefined {
    if (message.length < 2 * KEY_BYTES + 2 * TAG_BYTES) return undefined;
    const { staticKey } = this.#parameters;
    const state = this.#state;
    const ephemeral = message.slice(0, KEY_BYTES);
    const es = staticKey.agree(ephemeral);
    if (es === undefined) return undefined;
    state.mixHash(ephemeral);
    state.mixKey(es);
    const remoteStatic = state.decryptAndHash(message.subarray(KEY_BYTES, 2 * KEY_BYTES + TAG_BYTES));
    const ss = remoteStatic === undefined ? undefined : staticKey.agree(remoteStatic);
    if (remoteStatic === undefined || ss === undefined) return undefined;
    state.mixKey(ss);
    const payload = state.decryptAndHash(message.subarray(2 * KEY_BYTES + TAG_BYTES));
    if (payload === undefined) return undefined;
    this.#remoteEphemeral = ephemeral;
    this.#remoteStatic = remoteStatic;
    return { remoteStatic, payload };
  }

  /**
   * Writes `e, ee, se`, after the first message was read: 32 bytes of ephemeral key, then the sealed payload
   * with a tag of 16. `undefined` when a key of the initiator's is not valid (of low order).
   */
  writeMessage(
    ephemeral: KeyPair,
    payload: Uint8Array,
  ): { message: Uint8Array; keys: TransportKeys } | undefined {
    const ee = ephemeral.agree(this.#remoteEphemeral);
    const se = ephemeral.agree(this.#remoteStatic);
    if (ee === undefined || se === undefined) return undefined;
    const state = this.#state;
    state.mixHash(ephemeral.publicKey);
    state.mixKey(ee);
    state.mixKey(se);
    const message = Uint8Array.of(...ephemeral.publicKey, ...state.encryptAndHash(payload));
    return { message, keys: state.split() };
  }
}
