/**
 * Every bound and every timer, with its reason. All that a stranger can make grow is bounded here.
 * The unit is the last word of the name.
 */

// ---- datagrams and links ---------------------------------------------------------------------------------

/** RFC 9000 section 14: what every path carries unfragmented. */
export const DATAGRAM_BYTES = 1200;

/** One verb a datagram: 1,200 less the longest header, ids and two longest nicks leaves just over 1,000. */
export const TEXT_BYTES = 1000;

/**
 * A hello is padded to this, so that the retry that answers it is never longer than what was sent
 * (RFC 9000 section 8: no amplification towards an address that has not been validated).
 */
export const HELLO_BYTES = 32;

/**
 * When an unanswered packet leaves again, counted from its last departure: at 0, 150 and 350 ms, so that at
 * 10 % loss each way the verdict of 500 ms is wrong for less than 1 % of messages; then less and less often.
 */
export const RETRANSMIT_AFTER_MS: readonly number[] = [150, 200, 500, 1000, 2000, 4000];

/** From the third repeat on each wait is longer or shorter by up to this share, so that senders drift apart. */
export const RETRANSMIT_JITTER = 0.1;

/** RFC 9002 section 6.2: after two probe timeouts the peer may have restarted or moved: it is greeted again. */
export const GREET_AGAIN_AFTER_TIMEOUTS = 2;

/** A link's acknowledgement rides with an answer or leaves after this at most (RFC 9000: max_ack_delay). */
export const ACK_DELAY_MS = 25;

/** Acknowledgements in one packet; the others go with the next one. */
export const ACKS_PER_PACKET = 32;

/** RFC 9002 section 7.2: in flight to a peer that was heard, before the first acknowledgement. */
export const INITIAL_WINDOW_PACKETS = 10;

/** In flight to one peer: well below the 256 datagrams that a default Linux receive buffer holds. */
export const WINDOW_PACKETS = 64;

/** RFC 6479, as WireGuard has it: packets older than this many behind the newest are taken for repeats. */
export const REPLAY_WINDOW_PACKETS = 2048;

/** How far the newest packet may run ahead of the oldest unacknowledged one: half of the replay window. */
export const SPAN_PACKETS = 1024;

/** A peer that was heard less than this ago, and has not said hello since, is in no new life. */
export const SESSION_SILENT_MS = 1_000;

/** Nothing heard for this long while something waits: the link drops what it holds; its owner tries again. */
export const LINK_DEAD_MS = 30_000;

/** A link to a peer that nobody uses is dropped after this, as long as WireGuard keeps a silent session. */
export const LINK_IDLE_MS = 180_000;

/** Links at a time; an idle one takes about one KiB. */
export const LINKS = 20_000;

/** Reliable verbs that one link keeps waiting; what finds no room is submitted again by its owner. */
export const LINK_QUEUE_PACKETS = 1_024;

/** Tokens of addresses lately written to are kept: the hash costs ten times what the rest of a packet does. */
export const TOKENS_CACHED = 1024;

/** Inputs for one wake-up, as many short datagrams as a Linux receive buffer holds. More wait in the kernel. */
export const INPUTS_PER_WAKE_UP = 256;

/** Addresses under which one peer may be found: the one the server saw, then its own. */
export const CANDIDATES = 4;

// ---- messages --------------------------------------------------------------------------------------------

/** The original's rule: no receipt this long after Enter, and the server gets the message as well. */
export const ACK_TIMEOUT_MS = 500;

/** A message that waits is tried again after this, then twice as long, up to the maximum. */
export const RETRY_FIRST_MS = 5_000;
export const RETRY_MAXIMUM_MS = 30_000;

/** A message is tried for 7 days: longer than any recipient's holiday weekend, shorter than mail lives. */
export const MESSAGE_LIFE_MS = 7 * 24 * 3600_000;

/** Mail and receipts live 30 days at the server. */
export const MAIL_LIFE_MS = 30 * 24 * 3600_000;

/** Ids are remembered longer than a message (7 days) and its mail (30 days) can live. */
export const SEEN_LIFE_MS = 45 * 24 * 3600_000;

/** How often what is too old is looked for. */
export const SWEEP_MS = 3600_000;

/** Messages that one client keeps waiting: at a thousand bytes each 10 MB on disk. */
export const OUTBOX_MESSAGES = 10_000;

/** Messages that wait for one that is missing before them. */
export const HELD_PER_SENDER_MESSAGES = 64;
export const HELD_MS = 5_000;

/** Held messages of all senders together. */
export const HELD_MESSAGES = 4_096;

/** Messages from senders not known yet, kept while the server is asked who they are. */
export const STRANGERS_MESSAGES = 64;

/** What need not be durable before it is shown ("shown", "collected", cursors) is saved within 50 ms; timers are late. */
export const SAVE_LATER_MS = 40;

/** Runs of ids remembered per sender process. The lowest are forgotten first: old duplicates die first. */
export const SEEN_RUNS = 64;

/** Sender processes remembered. */
export const SEEN_PREFIXES = 100_000;

/** "[y has collected 3 messages.]": one line for all that come within this of each other. */
export const COLLECTED_GATHER_MS = 250;

// ---- the client and its server ---------------------------------------------------------------------------

/** Attempts for a command of the user without a sign of life from the server, and the time between two. */
export const ATTEMPTS = 5;
export const ATTEMPT_MS = 500;

/** Keep-alives: well below the 30 s after which careless NATs forget a UDP mapping (RFC 4787: 2 minutes). */
export const KEEP_ALIVE_MS = 25_000;
export const KEEP_ALIVE_JITTER = 0.2;

/** Three keep-alives: after this much silence a client is OFFLINE. */
export const SILENCE_MS = 75_000;

/** A probe unanswered for this long: OFFLINE. With the 500 ms of the sender, 3 s. */
export const PROBE_MS = 2_500;

/** A client that knows itself behind asks for rows again after this. */
export const ROWS_AGAIN_MS = 500;

/** Actions that wait for the answer to the first registration. */
export const WAITING_ACTIONS = 256;

// ---- the server ------------------------------------------------------------------------------------------

/** Nicks in all; a row takes about half a KiB. */
export const NICKS = 100_000;
export const NICK_CHARACTERS = 32;
export const NICK_BYTES = 64;

/** Changes to the table are gathered for this long before they are pushed. */
export const TABLE_GATHER_MS = 50;

/** A mailbox: a month of letters from a busy friend. */
export const MAILBOX_LETTERS = 1_000;
export const MAILBOX_BYTES = 4 * 1024 * 1024;

/** All mail: the server holds it in memory as well as on disk. */
export const MAIL_TOTAL_BYTES = 256 * 1024 * 1024;

/** Receipts kept for one sender who is away; the oldest go first. */
export const RECEIPTS_PER_SENDER = 10_000;

/** Ids in one `collected` verb. */
export const COLLECTED_IDS = 32;

/** The channel: at most this many rows, 30 days each. */
export const CHANNEL_ROWS = 10_000;

/** Bytes of rows in one verb: a datagram less the headers of packet and verb. */
export const ROWS_BYTES = DATAGRAM_BYTES - 100;

/** Datagrams of table rows in answer to one question; who is still behind asks again. */
export const ROWS_PACKETS = 32;

/** Clients that may wait for the outcome of one probe of the nick's holder. */
export const CLAIMS_PER_NICK = 8;

/** How often the log says how many datagrams meant nothing. */
export const DROPPED_REPORT_MS = 60_000;

/** Letters and channel messages under way to one member. */
export const STREAM_WINDOW = 32;

/** Letters and channel messages that wait for one member who is online: all that can be stored for him. */
export const STREAM_ENTRIES = MAILBOX_LETTERS + CHANNEL_ROWS;

/** Members acknowledge after a random delay of up to max(25 ms, members x 0.2 ms), so that they do not all answer at once. */
export const CHANNEL_ACK_PER_MEMBER_MS = 0.2;

/** Commands of a script under way at once. */
export const SCRIPT_COMMANDS = 64;

// ---- the screen ------------------------------------------------------------------------------------------

/** With more rows an update prints only what changed. */
export const TABLE_LINES = 12;

/** Unicode asks for no more than a few; stacks of them climb over the lines above. */
export const COMBINING_MARKS = 8;
