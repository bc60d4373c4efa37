/**
 * Sealing by the system's own libcrypto, by way of FFI: the runtime makes an object for each packet, which
 * takes several times longer than sealing it. As with the socket (native_udp.ts), nothing needs this.
 */
import { type Primitives, primitives } from "../core/base/crypto.ts";
import { openSystemLibrary } from "./system_library.ts";

/** OpenSSL 3; its interface is in EVP_EncryptInit(3). */
const LIBRARY = "libcrypto.so.3";
const SET_TAG = 0x11;
const GET_TAG = 0x10;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const COUNTER_AT = 4;
const OK = 1;

const INIT = { parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"], result: "i32" } as const;
const UPDATE = { parameters: ["pointer", "buffer", "buffer", "buffer", "i32"], result: "i32" } as const;
const FINAL = { parameters: ["pointer", "buffer", "buffer"], result: "i32" } as const;
const CALLS = {
  EVP_chacha20_poly1305: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
  EVP_EncryptInit_ex: INIT,
  EVP_EncryptUpdate: UPDATE,
  EVP_EncryptFinal_ex: FINAL,
  EVP_DecryptInit_ex: INIT,
  EVP_DecryptUpdate: UPDATE,
  EVP_DecryptFinal_ex: FINAL,
} as const satisfies Deno.ForeignLibraryInterface;

/** Releases of Deno differ in which arrays they take, and all take these. */
interface Calls {
  EVP_chacha20_poly1305(): Deno.PointerValue;
  EVP_CIPHER_CTX_new(): Deno.PointerValue;
  EVP_CIPHER_CTX_ctrl(context: Deno.PointerValue, what: number, length: number, tag: Uint8Array): number;
  EVP_EncryptInit_ex: Init;
  EVP_EncryptUpdate: Update;
  EVP_EncryptFinal_ex: Final;
  EVP_DecryptInit_ex: Init;
  EVP_DecryptUpdate: Update;
  EVP_DecryptFinal_ex: Final;
}

type Init = (
  context: Deno.PointerValue,
  cipher: Deno.PointerValue,
  engine: null,
  key: Uint8Array,
  nonce: Uint8Array,
) => number;
type Update = (
  context: Deno.PointerValue,
  out: Uint8Array | null,
  written: Int32Array,
  bytes: Uint8Array,
  length: number,
) => number;
type Final = (context: Deno.PointerValue, out: Uint8Array, written: Int32Array) => number;
type Sealing = Pick<Primitives, "seal" | "sealInto" | "open">;

/**
 * The functions of the protocol; sealing is the library's where it is permitted and gives the same bytes as
 * the runtime does. The library stays open until the process ends.
 */
export function systemPrimitives(): Primitives {
  const library = openSystemLibrary(LIBRARY, CALLS);
  if (library === undefined) return primitives;
  const sealing = sealingWith(library.symbols as Calls);
  return doesTheSame(sealing) ? { ...primitives, ...sealing } : primitives;
}

function sealingWith(calls: Calls): Sealing {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  const written = new Int32Array(1);
  const tag = new Uint8Array(TAG_BYTES);
  const cipher = calls.EVP_chacha20_poly1305();
  const context = () => {
    const made = calls.EVP_CIPHER_CTX_new();
    // Only the first initiation names the cipher.
    calls.EVP_EncryptInit_ex(made, cipher, null, new Uint8Array(32), nonce);
    return made;
  };
  const [out, back] = [context(), context()];

  function sealInto(
    target: Uint8Array,
    key: Uint8Array,
    counter: number,
    associated: Uint8Array,
    plaintext: Uint8Array,
  ): void {
    view.setBigUint64(COUNTER_AT, BigInt(counter), true);
    const { length } = plaintext;
    calls.EVP_EncryptInit_ex(out, null, null, key, nonce);
    if (associated.length > 0) calls.EVP_EncryptUpdate(out, null, written, associated, associated.length);
    if (length > 0) calls.EVP_EncryptUpdate(out, target, written, plaintext, length);
    calls.EVP_EncryptFinal_ex(out, tag, written);
    calls.EVP_CIPHER_CTX_ctrl(out, GET_TAG, TAG_BYTES, tag);
    target.set(tag, length);
  }

  return {
    sealInto,

    seal(key, counter, associated, plaintext) {
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      sealInto(sealed, key, counter, associated, plaintext);
      return sealed;
    },

    open(key, counter, associated, ciphertext) {
      const length = ciphertext.length - TAG_BYTES;
      if (length < 0) return undefined;
      view.setBigUint64(COUNTER_AT, BigInt(counter), true);
      tag.set(ciphertext.subarray(length));
      const plaintext = new Uint8Array(length);
      calls.EVP_DecryptInit_ex(back, null, null, key, nonce);
      calls.EVP_CIPHER_CTX_ctrl(back, SET_TAG, TAG_BYTES, tag);
      if (associated.length > 0) calls.EVP_DecryptUpdate(back, null, written, associated, associated.length);
      if (length > 0) calls.EVP_DecryptUpdate(back, plaintext, written, ciphertext, length);
      return calls.EVP_DecryptFinal_ex(back, tag, written) === OK ? plaintext : undefined;
    },
  };
}

/** A library that is not what its name says is not used. */
function doesTheSame({ seal, open }: Sealing): boolean {
  const key = primitives.hash(new Uint8Array([1]));
  return [0, 1, 100, 1150].every((length, counter) => {
    const text = new Uint8Array(length).fill(length);
    const associated = key.subarray(0, counter);
    const sealed = primitives.seal(key, counter, associated, text);
    const isEqual = seal(key, counter, associated, text).toHex() === sealed.toHex();
    if (!isEqual || open(key, counter, associated, sealed)?.toHex() !== text.toHex()) return false;
    sealed[length]! ^= 1;
    return open(key, counter, associated, sealed) === undefined;
  });
}
