/** The version of the protocol: half a byte in every datagram, and part of every label and prologue. */
export const VERSION = 3;
