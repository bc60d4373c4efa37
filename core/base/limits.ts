/**
 * Every bound and every timer, with its reason. All that a stranger can make grow is bounded here.
 * The unit is the last word of the name.
 */

// ---- datagrams and links ---------------------------------------------------------------------------------

/** RFC 9000 section 14: what every path carries unfragmented. */
export const DATAGRAM_BYTES = 1200;

/** 64 KiB: a long letter. */
export const TEXT_BYTES = 65_536;

/** A text sealed, or signed for the channel: what stands around it takes less than 320 bytes. */
export const BODY_BYTES = TEXT_BYTES + 320;

/** Sealed texts are filled up to this, or twice, four times ... as much: so much of its length does a message tell. */
export const PADDING_BYTES = 256;

/** What a server calls itself. */
export const SERVER_NAME_BYTES = 32;

/**
 * When an unanswered packet leaves again, counted from its last departure: at 0, 150 and 350 ms, so that at
 * 10 % loss each way the verdict of 500 ms is wrong for less than 1 % of messages; then less and less often.
 */
export const RETRANSMIT_AFTER_MS: readonly number[] = [150, 200, 500, 1000, 2000, 4000];

/** From the third repeat on each wait is longer or shorter by up to this share, so that senders drift apart. */
export const RETRANSMIT_JITTER = 0.1;

/** A link's acknowledgement rides with an answer or leaves after this at most (RFC 9000: max_ack_delay). */
export const ACK_DELAY_MS = 25;

/** Acknowledgement-eliciting packets that are answered at once (RFC 9000 section 13.2.2). */
export const ACK_AFTER_PACKETS = 2;

// ---- handshakes and sessions -----------------------------------------------------------------------------

/** One initiation is repeated for this long, then comes a fresh one (WireGuard's REKEY_TIMEOUT). */
export const HANDSHAKE_MS = 5_000;

/** A responder waits this long for the first transport packet. */
export const UNCONFIRMED_MS = 10_000;

/** Sessions that wait for theirs, of one peer (a fresh initiation each five seconds) and in all; the oldest give way. */
export const UNCONFIRMED_PER_PEER = 3;
export const UNCONFIRMED_SESSIONS = 4_096;

/** Above this many initiations a second a cookie is asked for: they take a twentieth of a processor. */
export const INITIATIONS_PER_SECOND = 50;

/** Initiations answered in a second at most, with a cookie: under half of a processor. */
export const HANDSHAKES_PER_SECOND = 400;

/**
 * Initiations a second from one address, and at once (WireGuard's ratelimiter): more are asked for a cookie, and more
 * with one are dropped.
 */
export const HOST_INITIATIONS_PER_SECOND = 20;
export const HOST_INITIATIONS_BURST = 5;

/** Addresses whose rates are remembered. */
export const HOSTS = 10_000;

/** Cookies and the secret they are made of (WireGuard: 120 s). */
export const COOKIE_LIFE_MS = 120_000;

/** Answers a second to packets of versions that we do not know. */
export const VERSION_ANSWERS_PER_SECOND = 10;

/** A session is replaced after this or so many packets, and used no longer than that: half as long again. */
export const REKEY_AFTER_MS = 600_000;
export const REKEY_AFTER_PACKETS = 2 ** 32;
export const SESSION_LIFE_MS = 900_000;

/** The responder replaces a session only when its initiator has not done so for this long. */
export const REKEY_PATIENCE_MS = 30_000;

/** RFC 9002 section 6.2: after two probe timeouts the peer may have restarted or moved: a handshake asks. */
export const HANDSHAKE_AFTER_TIMEOUTS = 2;

/**
 * Before the first sign of life of a server whose key we know we ask for the key that it has after this, for the
 * error text alone: before the five attempts of a command are over.
 */
export const ASK_KEY_AFTER_MS = 1_500;

/** RFC 9000 section 8: times the bytes received that an unproved address may draw. */
export const AMPLIFICATION_LIMIT = 3;

// ---- recovery: RFC 9002, section 6 and 7, appendix A.2 and B.1 ---------------------------------------------

/** Packets this many behind the newest acknowledged one are lost (kPacketThreshold, section 6.1.1). */
export const PACKET_THRESHOLD = 3;

/** So are packets older than this many round trips (kTimeThreshold, section 6.1.2). */
export const TIME_THRESHOLD = 9 / 8;

/** Timers are no finer than this (kGranularity, section 6.1.2). */
export const GRANULARITY_MS = 1;

/** Probe timeouts double, but not beyond this: a packet or two in two seconds harm no network. */
export const PROBE_TIMEOUT_MOST_MS = 2_000;

/** In flight at first (kInitialWindow, section 7.2), and at least (kMinimumWindow). */
export const INITIAL_WINDOW_BYTES = 10 * DATAGRAM_BYTES;
export const MINIMUM_WINDOW_BYTES = 2 * DATAGRAM_BYTES;

/** In flight at most: what a path of 100 Mbit/s and 100 ms holds. It bounds what one link remembers. */
export const MAXIMUM_WINDOW_BYTES = 1024 * DATAGRAM_BYTES;

/** What a loss leaves of the window (kLossReductionFactor, section 7.3.2). */
export const LOSS_REDUCTION = 0.5;

/** So many probe timeouts of nothing but losses are persistent congestion (section 7.6.1). */
export const PERSISTENT_CONGESTION_THRESHOLD = 3;

/** Packets leave this much faster than the window a round trip (section 7.7: N), in bursts of the first window. */
export const PACING_GAIN = 1.25;

/** Ranges of packet numbers remembered for acknowledgement; the oldest are forgotten (RFC 9000 section 13.2.3). */
export const ACK_RANGES = 32;

/** RFC 6479, as WireGuard has it: packets older than this many behind the newest are taken for repeats. */
export const REPLAY_WINDOW_PACKETS = 2048;

/**
 * Nothing heard for this long while something waits, or nothing new while parcels lack parts: the link drops what
 * it holds; its owner tries again.
 */
export const LINK_DEAD_MS = 30_000;

/** A link to a peer that nobody uses is dropped after this, as long as WireGuard keeps a silent session. */
export const LINK_IDLE_MS = 180_000;

/** A link that is not to a server says after this much silence of its own that it is there: NATs forget. */
export const PEER_KEEP_ALIVE_MS = 15_000;

/** Links at a time; an idle one takes less than four KiB. */
export const LINKS = 20_000;

/** Verbs that one link keeps waiting, and their bytes; what finds no room is submitted again by its owner. */
export const LINK_QUEUE_VERBS = 1_024;
export const LINK_QUEUE_BYTES = 4 * 1024 * 1024;

// ---- parcels ---------------------------------------------------------------------------------------------

/** A verb longer than this goes in parts, which leave room for an acknowledgement beside them. */
export const PART_BYTES = 1100;

/** Parts of a parcel: the longest text, with ids and nicks, takes 60. */
export const PARCEL_PARTS = 61;

/** Numbers of parcels from the oldest unacknowledged one to the newest: half of the replay window. */
export const PARCEL_SPAN = 1024;

/** Parcels in parts that are under way to one peer at a time. */
export const UNFINISHED_PARCELS = 16;

/** What one peer has sent ahead of a parcel that lacks something: more than three of the largest windows. */
export const LINK_EARLY_BYTES = 4 * 1024 * 1024;

/** What all peers together have sent and cannot be handed on yet. */
export const UNFINISHED_BYTES = 64 * 1024 * 1024;

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

/** Ids are remembered longer than a message (7 days) and its mail (30 days) can live, and as long as the prekey it was sealed for. */
export const SEEN_LIFE_MS = 45 * 24 * 3600_000;

/** How often what is too old is looked for. */
export const SWEEP_MS = 3600_000;

/** Messages that one client keeps waiting, and the bytes of their texts: they are in memory as well as on disk. */
export const OUTBOX_MESSAGES = 10_000;
export const OUTBOX_BYTES = 64 * 1024 * 1024;

/** Messages that wait for one that is missing before them. */
export const HELD_PER_SENDER_MESSAGES = 64;
export const HELD_MS = 5_000;

/** Held messages of all senders together. */
export const HELD_MESSAGES = 4_096;

/** Messages from senders not known yet, and their bytes, kept while the server is asked who they are: a script's burst. */
export const STRANGERS_MESSAGES = 1_024;
export const STRANGERS_BYTES = 4 * 1024 * 1024;

/** What need not be durable before it is shown ("shown", "collected", cursors) is saved within 50 ms; timers are late. */
export const SAVE_LATER_MS = 40;

/** Runs of ids remembered per sender process. The lowest are forgotten first: old duplicates die first. */
export const SEEN_RUNS = 64;

/** Sender processes remembered: of one sender, and in all. */
export const SEEN_PREFIXES_PER_SENDER = 2_000;
export const SEEN_PREFIXES = 100_000;

/** "[y has collected 3 messages.]": one line for all that come within this of each other. */
export const COLLECTED_GATHER_MS = 250;

// ---- keys ------------------------------------------------------------------------------------------------

/** A prekey is replaced after a day: so much of what is recorded does a stolen one open. */
export const PREKEY_MS = 24 * 3600_000;

/** A superseded prekey is kept as long as a letter under it may come: 7 days at its sender's, 30 at the server, and a week. */
export const PREKEY_LIFE_MS = 45 * 24 * 3600_000;

/** One ephemeral key serves this long towards one prekey; what was agreed on with it is in memory twice as long at most. */
export const LETTER_SECRET_MS = 3600_000;

/** Secrets of ephemeral keys remembered: the people that one talks with in an hour. */
export const LETTER_SECRETS = 1_024;

/** Keys of peers that are pinned. When there is no room the table's word is taken, as at a first contact. */
export const KNOWN_PEERS = 20_000;

/**
 * A channel message that comes out of its place is shown when it was written so lately, by a clock that is ahead by no
 * more than that: its id would be remembered if it had been shown. Channel messages live 30 days.
 */
export const LATE_POST_MS = 40 * 24 * 3600_000;
export const CLOCK_SKEW_MS = 24 * 3600_000;

/** State folders of one identity whose channel messages are counted. */
export const FOLDERS_PER_SENDER = 16;

/** Messages that could not be opened, remembered so that each is told of once. */
export const UNREADABLE_MESSAGES = 1_024;

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

/** Nicks in all; a row takes about a KiB. `--max-nicks` */
export const NICKS = 100_000;

/** Nicks that one address may register for the first time in an hour. `--max-new-nicks` */
export const NEW_NICKS_PER_HOUR = 20;

export const HOUR_S = 3600;

/** Bundles of one link whose signatures are checked, a second and at once. */
export const BUNDLES_PER_SECOND = 1;
export const BUNDLES_BURST = 5;

/** Deposits and posts of one member a second, and at once; a question for rows likewise. */
export const MEMBER_MESSAGES_PER_SECOND = 200;
export const MEMBER_MESSAGES_BURST = 2_000;
export const MEMBER_QUESTIONS_PER_SECOND = 4;
export const MEMBER_QUESTIONS_BURST = 20;

/** A message that the server was too busy with its sender for is sent again after this. */
export const BUSY_MS = 1_000;

export const NICK_CHARACTERS = 32;
export const NICK_BYTES = 64;

/** A nick as it is compared, behind a length of one byte. */
export const NICK_KEY_BYTES = 255;

/** Changes to the table are gathered for this long before they are pushed. */
export const TABLE_GATHER_MS = 50;

/** A mailbox: a month of letters from a busy friend. */
export const MAILBOX_LETTERS = 1_000;
export const MAILBOX_BYTES = 4 * 1024 * 1024;

/** What one sender may take of a mailbox, of its letters and of its bytes; and of all mail. */
export const MAILBOX_SHARE = 1 / 4;
export const MAIL_SHARE = 1 / 64;

/** All mail: the server holds it in memory as well as on disk. `--max-mail` */
export const MAIL_TOTAL_BYTES = 256 * 1024 * 1024;

/** Receipts kept for one sender who is away; the oldest go first. */
export const RECEIPTS_PER_SENDER = 10_000;

/** Receipts in one `collected` verb: what goes in one part. */
export const COLLECTED_RECEIPTS = 12;

/** The channel: at most this many rows, 30 days each, and bytes of theirs: they are in memory as well as on disk. */
export const CHANNEL_ROWS = 10_000;
export const CHANNEL_BYTES = 64 * 1024 * 1024;

/** Bytes of rows in one verb: what goes in one part, less tag, version, counters and count. */
export const ROWS_BYTES = PART_BYTES - 26;

/** Datagrams of table rows in answer to one question; who is still behind asks again. */
export const ROWS_PACKETS = 32;

/** How often the log says how many datagrams meant nothing. */
export const DROPPED_REPORT_MS = 60_000;

/** Letters and channel messages under way to one member. */
export const STREAM_WINDOW = 32;

/** Letters and channel messages that wait for one member who is online: all that can be stored for him. */
export const STREAM_ENTRIES = MAILBOX_LETTERS + CHANNEL_ROWS;

/** Bytes of those that came since the registration: mailbox and channel may have let go of them. */
export const STREAM_BYTES = 8 * 1024 * 1024;

/** Members acknowledge after a random delay of up to max(25 ms, members x 0.2 ms), so that they do not all answer at once. */
export const CHANNEL_ACK_PER_MEMBER_MS = 0.2;

/** Commands of a script under way at once. */
export const SCRIPT_COMMANDS = 64;

// ---- the screen ------------------------------------------------------------------------------------------

/** With more rows an update prints only what changed. */
export const TABLE_LINES = 12;

/** Unicode asks for no more than a few; stacks of them climb over the lines above. */
export const COMBINING_MARKS = 8;
