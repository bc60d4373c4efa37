/**
 * `Noise_IK_25519_ChaChaPoly_SHA256` (The Noise Protocol Framework, revision 34; sections are those of that text):
 *
 *     <- s
 *     ...
 *     -> e, es, s, ss
 *     <- e, ee, se
 *
 * The initiator knows the responder's key before it begins. Both ephemeral keys come in from outside.
 */
import type { KeyPair, Primitives } from "../base/crypto.ts";

/** It has exactly the length of a hash, so it is the first hash (section 5.2). */
const PROTOCOL = new TextEncoder().encode("Noise_IK_25519_ChaChaPoly_SHA256");
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);
const NONE = new Uint8Array(0);

/** What each side sends under (section 5.2, Split), and the handshake hash (section 11.2). 32 bytes each. */
export interface TransportKeys {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly hash: Uint8Array;
}

/** What stays the same from handshake to handshake. */
export interface Parameters {
  readonly primitives: Primitives;
  /** What both sides have to agree on beforehand (section 6). */
  readonly prologue: Uint8Array;
  readonly staticKey: KeyPair;
}

/** `SymmetricState` and, within it, `CipherState` (sections 5.1 and 5.2). */
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

  /** To go on with where the next step may fail: what failed leaves no trace in the original. */
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

/** The pre-message: both sides mix in the responder's key (section 7.4). */
function begin({ primitives, prologue }: Parameters, responderKey: Uint8Array): SymmetricState {
  const state = new SymmetricState(primitives);
  state.mixHash(prologue);
  state.mixHash(responderKey);
  return state;
}

/** The side that begins. */
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
   * `e, es, s, ss`: 32 bytes of ephemeral key, 48 of sealed static key, the payload and a tag of 16. To be called once.
   * `undefined` when the responder's key is no key, one of low order.
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

  /** `e, ee, se`; `undefined` when it is forged. What is forged does no harm: a genuine one may still come. */
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

/** The side that answers, once: a forged first message has spoilt it. */
export class NoiseResponder {
  readonly #parameters: Parameters;
  readonly #state: SymmetricState;
  #remoteEphemeral: Uint8Array = NONE;
  #remoteStatic: Uint8Array = NONE;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
    this.#state = begin(parameters, parameters.staticKey.publicKey);
  }

  /** `e, es, s, ss`: who it is from, and the payload; `undefined` when it is forged. */
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

  /** `e, ee, se`, once the first message was read: 32 bytes of ephemeral key, the payload and a tag of 16. */
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
