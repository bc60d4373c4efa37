/**
 * The version of the protocol (docs/protocol.md, section 1): the high half of every datagram's first byte.
 * The labels of keys and signatures and the prologue of the handshake name it as well, in texts of their own.
 */
export const VERSION = 4;
