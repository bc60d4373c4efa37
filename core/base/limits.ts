/**
 * Every bound and every timer, with its reason, and its source where it has one. Everything that others can
 * make grow is bounded here; docs/security.md, "Bounds", has the most important ones as a table. The last
 * word of a name is the unit.
 *
 * WireGuard means the whitepaper "WireGuard: Next Generation Kernel Network Tunnel"; its timers are in
 * section 6.1. X3DH means "The X3DH Key Agreement Protocol", revision 1.
 */

export const HOUR_MS = 3600_000;
export const DAY_MS = 24 * HOUR_MS;

// ---- datagrams and links ---------------------------------------------------------------------------------

/**
 * RFC 9000 section 14: every path that QUIC may use carries UDP payloads of this size. There is no search for
 * more, because the runtime offers no "don't fragment" bit.
 */
export const DATAGRAM_BYTES = 1200;

/** The longest text of a message, in UTF-8: about thirty pages. */
export const TEXT_BYTES = 65_536;

/** The longest letter or post: what stands around the text takes 286 bytes in a letter, 179 in a post. */
export const BODY_BYTES = TEXT_BYTES + 320;

/**
 * Sealed texts are padded to this, or twice, four times ... as much, so that a short message tells nothing of
 * its length and a longer one only its order of magnitude. `TEXT_BYTES` is one of these steps.
 */
export const PADDING_BYTES = 256;

/** The name that a server announces has this much room in an `announce`; host names are mostly shorter. */
export const SERVER_NAME_BYTES = 32;

/**
 * An initiation goes to the next of a peer's addresses after this, so that each round has tried all of them
 * before the next one begins (RFC 8445 section 14.2 takes 50 ms, and forbids less than 5).
 */
export const CHECK_PACE_MS = 20;

/**
 * The waits before an unanswered packet leaves again: it leaves at 0, 150, 350, 850 ms and so on, at last
 * every 4 s. Three departures within 500 ms make the verdict after `ACK_TIMEOUT_MS` wrong for less than 1 %
 * of messages where 10 % of packets are lost each way; the later ones spare a peer that is away.
 */
export const RETRANSMIT_AFTER_MS: readonly number[] = [150, 200, 500, 1000, 2000, 4000];

/** Each wait from the third one on is longer or shorter by up to this share, so that senders drift apart. */
export const RETRANSMIT_JITTER = 0.1;

/**
 * An acknowledgement waits at most so long for an answer to ride with (max_ack_delay, RFC 9000 section 18.2).
 */
export const ACK_DELAY_MS = 25;

/** This many packets that ask for acknowledgement get it at once (RFC 9000 section 13.2.2). */
export const ACK_AFTER_PACKETS = 2;

// ---- handshakes and sessions -----------------------------------------------------------------------------

/** One initiation is repeated for this long, then a fresh one takes its place (WireGuard: Rekey-Timeout). */
export const HANDSHAKE_MS = 5_000;

/** A responder waits this long for the first packet of a session: the life of two initiations. */
export const UNCONFIRMED_MS = 10_000;

/**
 * Sessions that wait for their first packet, for one peer and in all; the oldest give way. A peer makes one
 * initiation every 5 s and each waits 10 s, so an honest one has no more than three.
 */
export const UNCONFIRMED_PER_PEER = 3;
export const UNCONFIRMED_SESSIONS = 4_096;

/** Processes under one key whose initiations are told from replays: the present one, and those before it. */
export const PROCESSES_PER_PEER = 8;

/**
 * A peer may name an epoch this far ahead of the highest that we have had with it, and any in the lower half
 * if we have had none. It grows by one with each new process of one of us, and nobody is to use them all up.
 */
export const EPOCH_JUMP = 1_024;

/**
 * When the handshakes of strangers take more of a second than this, a responder is under load (WireGuard
 * section 5.3): an initiation without a cookie gets a cookie reply only. The first is a twentieth of a
 * processor, and so is what may be taken at once.
 */
export const CALM_HANDSHAKES_MS = 50;

/**
 * So much of a second the handshakes of strangers take at most, cookie or not, and so much at once after a
 * pause: in no second more than half of a processor. It is their time that is bounded and not their number,
 * because one takes 1.5 ms on one machine and 15 ms on another.
 */
export const HANDSHAKES_MS = 400;
export const HANDSHAKES_BURST_MS = 100;

/**
 * Initiations from one address a second, and at once, as in WireGuard's rate limiter for Linux. An address
 * that sends more is asked for a cookie; with a cookie it may send as many again, and the rest is dropped.
 */
export const HOST_INITIATIONS_PER_SECOND = 20;
export const HOST_INITIATIONS_BURST = 5;

/**
 * Addresses, or nicks, whose rates are remembered. Somebody who sends from more gets fresh rates all the
 * time, but stays below the bounds for all addresses together (`HANDSHAKES_MS`, `NICKS`).
 */
export const RATES = 10_000;

/** The life of a cookie, and of the secret that it is made from (WireGuard section 5.4.7: two minutes). */
export const COOKIE_LIFE_MS = 120_000;

/**
 * Answers a second to whoever asks for the key: each costs a MAC, and only a first contact asks. A longer one
 * counts as many of the shortest, so that no more bytes can be reflected with it.
 */
export const ANNOUNCEMENTS_PER_SECOND = 1_000;

/**
 * `doctor` asks a server for its key so often, and so far apart, to see how long an answer takes and how many
 * are lost: a twentieth of `ANNOUNCEMENTS_PER_SECOND`. Then it asks with datagrams of several lengths, in so
 * many rounds at most, which where half of all datagrams are lost leaves one right length in 256 without an
 * answer. The last answers are awaited for so long: by way of a satellite, or from a busy machine, hardly one
 * takes more.
 */
export const PROBES = 50;
export const PROBE_PACE_MS = 20;
export const PROBE_ROUNDS = 8;
export const PROBE_WAIT_MS = 4_000;

/** Answers a second to packets of unknown versions: enough for people, useless for reflecting traffic. */
export const VERSION_ANSWERS_PER_SECOND = 10;

/**
 * A session is replaced after this time or this many packets, and is useless after `SESSION_LIFE_MS`: half as
 * long again, the proportion of WireGuard's Rekey-After-Time and Reject-After-Time. The number of packets
 * stays far below 2^53, up to which packet numbers are exact.
 */
export const REKEY_AFTER_MS = 600_000;
export const REKEY_AFTER_PACKETS = 2 ** 32;
export const SESSION_LIFE_MS = 900_000;

/** The responder replaces a session only this much later: by then its initiator should have done so. */
export const REKEY_PATIENCE_MS = 30_000;

/**
 * After so many probe timeouts in a row (RFC 9002 section 6.2) a handshake asks if the peer has restarted.
 */
export const HANDSHAKE_AFTER_TIMEOUTS = 2;

/**
 * When a server whose key we know has been silent for this long, its address is asked for the key that it
 * has, for the error text alone. The answer must come before the five attempts of a command are over
 * (`ATTEMPTS`, after 2.5 s).
 */
export const ASK_KEY_AFTER_MS = 1_500;

/** An address that is not proved gets at most three times the bytes it has sent (RFC 9000 section 8.1). */
export const AMPLIFICATION_LIMIT = 3;

/**
 * A peer that was heard at another address has moved there if it does not answer at the old one for so many
 * probe timeouts (RFC 9000 section 8.2.4), time for three challenges. If it does answer, it counts as there
 * for a while, so that whoever forwards its packets does not make us ask all the time.
 */
export const MOVE_PROBE_TIMEOUTS = 2.5;
export const STAYS_MS = 1_000;

/** The challenges that wait for an answer: one for each of two paths, and each may be repeated. */
export const CHALLENGES = 4;

// ---- recovery: RFC 9002, sections 6 and 7, appendices A.2 and B.1 ----------------------------------------

/** A packet is lost when one sent so many packets later is acknowledged (kPacketThreshold, section 6.1.1). */
export const PACKET_THRESHOLD = 3;

/** It is lost as well when it is older than this many round trips (kTimeThreshold, section 6.1.2). */
export const TIME_THRESHOLD = 9 / 8;

/** No timer is finer than this (kGranularity, section 6.1.2). */
export const GRANULARITY_MS = 1;

/** Probe timeouts double up to this (RFC 9002 sets no end): two packets in two seconds harm no network. */
export const PROBE_TIMEOUT_MOST_MS = 2_000;

/** The congestion window at the beginning (kInitialWindow, section 7.2), and at least (kMinimumWindow). */
export const INITIAL_WINDOW_BYTES = 10 * DATAGRAM_BYTES;
export const MINIMUM_WINDOW_BYTES = 2 * DATAGRAM_BYTES;

/** The largest congestion window: about 100 Mbit/s over 100 ms. It bounds what a link remembers as sent. */
export const MAXIMUM_WINDOW_BYTES = 1024 * DATAGRAM_BYTES;

/** A loss leaves this share of the window (kLossReductionFactor, section 7.3.2). */
export const LOSS_REDUCTION = 0.5;

/** When all packets of this many probe timeouts are lost, congestion is persistent (section 7.6.1). */
export const PERSISTENT_CONGESTION_THRESHOLD = 3;

/**
 * Packets leave at so many windows a round trip (N in section 7.7), in bursts of at most the first window.
 */
export const PACING_GAIN = 1.25;

/** Ranges of packet numbers in an acknowledgement; the oldest are forgotten (RFC 9000 section 13.2.3). */
export const ACK_RANGES = 32;

/**
 * Bits of the ring that tells repeated packet numbers (RFC 6479, as in WireGuard section 5.4.6), and those of
 * unordered parcels. A number further behind the newest is taken for a repeat.
 */
export const REPLAY_WINDOW_PACKETS = 2048;

/**
 * When something waits and nothing has been heard for this long, or parcels lack parts and nothing new has
 * come, the link drops all that it holds. Its owner submits it again under the same ids.
 */
export const LINK_DEAD_MS = 30_000;

/** An unused link is forgotten after this: as long as WireGuard uses a session (Reject-After-Time). */
export const LINK_IDLE_MS = 180_000;

/**
 * A client that opens a direct way looks for the peer for this long, also when the server has delivered
 * meanwhile: eleven rounds of initiations, then it waits for the next message.
 */
export const SEEK_MS = 30_000;

/**
 * A client that is told of a peer looks for it for this long: five rounds of initiations open its NAT, and
 * the peer goes on by itself.
 */
export const INTRODUCED_MS = 2_000;

/**
 * While it does not find the peer it asks the server to introduce it again after this, if it writes again.
 */
export const REACH_AGAIN_MS = 2_000;

/** A quiet link between clients sends a ping after half the 30 s in which careless NATs forget it. */
export const PEER_KEEP_ALIVE_MS = 15_000;

/** Links of a process: an idle one takes less than 4 KiB of memory, so all take less than 80 MiB. */
export const LINKS = 20_000;

/** Verbs that wait in one link, and their bytes. Its owner submits again whatever finds no room. */
export const LINK_QUEUE_VERBS = 1_024;
export const LINK_QUEUE_BYTES = 4 * 1024 * 1024;

/** Bytes of verbs that leave once: an answer with rows (`ROWS_PACKETS`), and what is pushed meanwhile. */
export const LINK_TOLD_BYTES = 64 * 1024;

// ---- parcels ---------------------------------------------------------------------------------------------

/**
 * A datagram with chat in it has a multiple of this length, so that it tells little about the length of a
 * text; the last step ends at the largest datagram.
 */
export const PADDED_TO_BYTES = 128;

/** A longer verb goes in parts of this size, which leave room for an acknowledgement in the same packet. */
export const PART_BYTES = 1_120;

/** Parts of a parcel: the longest letter, with its id and two nicks, takes 60. */
export const PARCEL_PARTS = 61;

/** Parcel numbers from the oldest unacknowledged one to the newest: a receiver has to remember no more. */
export const PARCEL_SPAN = 1024;

/** Parcels in parts that are under way to one peer at a time: 1 MiB of the longest texts. */
export const UNFINISHED_PARCELS = 16;

/** Bytes that a link holds ahead of a parcel that is incomplete: more than three of the largest windows. */
export const LINK_EARLY_BYTES = 4 * 1024 * 1024;

/** The same for all links of a process: its memory, however many peers send parts and never finish. */
export const UNFINISHED_BYTES = 64 * 1024 * 1024;

/** Inputs of a wake-up: as many short datagrams as a Linux receive buffer holds. More wait in the kernel. */
export const INPUTS_PER_WAKE_UP = 256;

/** Addresses of which a socket keeps how the system writes them. */
export const REMEMBERED_ADDRESSES = 32_768;

/** Addresses at which a peer may be found: the one that the server saw, then those that the peer names. */
export const CANDIDATES = 4;

// ---- messages --------------------------------------------------------------------------------------------

/** When the recipient's receipt has not come this long after Enter, the server gets the message as well. */
export const ACK_TIMEOUT_MS = 500;

/** A message that waits is tried again after this, then after twice as long each time, up to the maximum. */
export const RETRY_FIRST_MS = 5_000;
export const RETRY_MAXIMUM_MS = 30_000;

/**
 * A message whose recipient is still not in the table at this try fails as one to an unknown peer. It does
 * not fail at the first try, because a change of the table may be on its way.
 */
export const UNKNOWN_AFTER_TRIES = 2;

/**
 * From one process to the next at most a week counts as gone by, whatever the wall clock says. So a clock
 * that is wrong at one start makes no letter too old.
 */
export const RESTART_MS = 7 * 24 * 3600_000;

/** When the wall clock is off by so much, it was set. Nothing that is shown is more exact. */
export const CLOCK_LEAP_MS = 1_000;

/** A process looks at the clocks so often: whether one was set, or the computer has slept. */
export const LONGEST_SLEEP_MS = 1_000;

/**
 * A process that has not run for so long was stopped, or its computer slept. By then the server may have
 * called it silent, 2.5 s after a message for it (`PROBE_MS`).
 */
export const STOPPED_MS = 2_500;

/**
 * Messages that come so soon afterwards have waited in the socket, and a registration that the client makes
 * so soon is about the same absence.
 */
export const JUST_RESUMED_MS = 1_000;
export const SAME_ABSENCE_MS = 30_000;

/** A message is tried for a week: longer than a weekend away, shorter than mail lives at the server. */
export const MESSAGE_LIFE_MS = 7 * 24 * 3600_000;

/**
 * A message that is older at a start is tried ten times first, which takes four minutes: the clock may have
 * been wrong. A process may end before that, and so may the next one. But when two clocks that were wrong
 * could have made no message so old, it fails at once.
 */
export const TOO_OLD_AFTER_TRIES = 10;
export const MESSAGE_MOST_MS = MESSAGE_LIFE_MS + RESTART_MS;

/** Letters, receipts and posts live a month at the server, so that it does not fill with uncollected mail. */
export const MAIL_LIFE_MS = 30 * 24 * 3600_000;

/**
 * Ids are remembered for 45 days, so that no copy is shown twice: 14 days at the sender and 30 at the server
 * are the longest that a message can be on its way, and its prekey is kept as long (`PREKEY_LIFE_MS`). The
 * days of these three need not be the same: each counts its own, and a server that is down counts at most 7.
 * So a client forgets nothing before it was online for a minute (`SETTLED_MS`): then it has what waited.
 */
export const SEEN_LIFE_MS = 45 * 24 * 3600_000;

/** Every hour everything that is too old is looked for and dropped. */
export const SWEEP_MS = 3600_000;

/** A client looks first when it has been online for so long: whatever waited for it has come by then. */
export const SETTLED_MS = 60_000;

/** Messages that wait in one client, and the bytes of their texts: they are in memory as well as on disk. */
export const OUTBOX_MESSAGES = 10_000;
export const OUTBOX_BYTES = 64 * 1024 * 1024;

/**
 * Messages of one sender that wait for a missing one, and how long they wait. A packet leaves six times in
 * that time, so that the missing one has hardly any chance afterwards.
 */
export const HELD_PER_SENDER_MESSAGES = 64;
export const HELD_MS = 5_000;

/** Messages of all senders that wait for a missing one: of 64 senders all that they may have. */
export const HELD_MESSAGES = 4_096;

/**
 * Verbs with messages from strangers, and their bytes, kept while the server is asked for their senders'
 * rows. A script that has just registered may send so many before the row arrives. Each message counts as
 * some bytes more than its text.
 */
export const STRANGERS_VERBS = 1_024;
export const STRANGERS_BYTES = 4 * 1024 * 1024;
export const STRANGER_BYTES = 100;

/**
 * The journal keeps so much, for so long, for a person, and for programs with a name, who have not read it.
 * Each event counts as some bytes more than its text, which is what it takes in memory. So a sender of many
 * short messages may count as the one who has the most, whose oldest are dropped first.
 */
export const JOURNAL_LIFE_MS = 30 * DAY_MS;
export const JOURNAL_BYTES = 64 * 1024 * 1024;
export const JOURNAL_MORE_BYTES = 400;

/** The history keeps a year of messages, and at most so much of the disk, unless the user chooses. */
export const HISTORY_DAYS = 365;
export const HISTORY_MEBIBYTES = 512;

/**
 * So many entries of the history are dropped with a commit at most, beside as many as it adds, so that none
 * takes long; where there is no more room, this part of all entries.
 */
export const HISTORY_DROPS = 256;

/** So many sealed entries are opened before the search lets others do something: some 50 ms. */
export const HISTORY_SCAN_ENTRIES = 1_000;

/**
 * The entries of the history that are read at a time: not more than so many, and hardly more than so many
 * characters, each of which may take six bytes of a line of JSON (`RPC_LINE_BYTES`).
 */
export const HISTORY_PAGE_ENTRIES = 64;
export const HISTORY_PAGE_CHARACTERS = 65_536;

/** The events that are read from the journal at a time. */
export const JOURNAL_PAGE_EVENTS = 64;

/** Programs with names that read the journal: each keeps in it what it has not read. */
export const JOURNAL_READERS = 64;

/**
 * A program that finds the state of a nick in use, and no engine that serves it, looks again so often and for
 * so long: an engine that starts or ends takes less.
 */
export const ENGINE_WAIT_MS = 5_000;
export const ENGINE_WAIT_AGAIN_MS = 50;

/** A script that waits is told that its server is silent when this is so at two looks so far apart. */
export const ENGINE_SILENT_MS = 500;

/** A program whose engine has ended lets others begin one for so long. */
export const ENGINE_YIELD_MS = 1_000;

/** A script that asks for new messages waits so long at most for the mail that the server has. */
export const COLLECT_MS = 10_000;

/** A command in a shell waits so long for the answer to what it asks. */
export const ASK_MS = 10_000;

/** Events that wait for a program that reads slowly; those that find no room are counted. */
export const LISTEN_QUEUE = 10_000;

/** A command that has failed for a message is run again after this, then after twice as long each time. */
export const LISTEN_AGAIN_FIRST_MS = 1_000;
export const LISTEN_AGAIN_MOST_MS = 60_000;

/** So much of what a command has printed is sent: its last lines, which fit into one packet. */
export const RUN_LINES = 5;
export const RUN_LINES_BYTES = 800;

/** The longest name of a send (`--once`): a path, or a hash with words before it. */
export const ONCE_BYTES = 256;

/** Messages of scripts that can be asked for, whatever became of them: a week of one a minute. */
export const FOLLOWED_MESSAGES = 10_000;

/**
 * Letters of one sender that do not open, or that are refused, answered in a second and at once, and direct
 * verbs whose messages are not taken. A letter takes three key agreements to try, a signature and a line,
 * and nobody's client makes many. Those above that rate are not answered, so they come again: letters
 * with a keep-alive, those of a full share of a mailbox (250) within a minute.
 */
export const UNTAKEN_PER_SECOND = 5;
export const UNTAKEN_BURST = 50;

/** Peers whose tags for direct messages are remembered: those who write to each other at a time. */
export const PEOPLE = 1_024;

/**
 * A few messages behind a full verb wait so long for more. Nobody types so fast; a script that goes on fills
 * the next verb before.
 */
export const REST_HELD_MS = 2;

/** Messages in one `direct` verb: as many of the shortest as go into one part. */
export const DIRECT_MESSAGES = 256;

/**
 * Runs of sequences in one `got` verb: so many of the longest fit into a part beside the longest nicks. Only
 * ordered verbs are cut into parts.
 */
export const GOT_RUNS = 58;

/**
 * Messages that are looked up for one `got` verb, which can name 2^48: as many as 256 packets of a wake-up
 * bring with 256 messages each. For each of its runs no more are looked up than wait.
 */
export const GOT_MESSAGES = 65_536;

/** Changes that may wait ("shown", cursors) are saved within 50 ms: 40, because timers come late. */
export const SAVE_LATER_MS = 40;

/** Runs of ids remembered for a process of a sender. The lowest go first: old duplicates are the rarest. */
export const SEEN_RUNS = 64;

/**
 * Processes of senders whose ids are remembered: for one sender 44 starts a day for 45 days, in all one
 * process for each nick (`NICKS`).
 */
export const SEEN_PREFIXES_PER_SENDER = 2_000;
export const SEEN_PREFIXES = 100_000;

/** The line "[y has collected 3 messages.]" counts all receipts that come within this time. */
export const COLLECTED_GATHER_MS = 250;

// ---- keys: docs/security.md, "Keys" ----------------------------------------------------------------------

/** A prekey is replaced after a day: a stolen one opens the letters of that day only (X3DH section 4.6). */
export const PREKEY_MS = 24 * 3600_000;

/**
 * A superseded prekey is kept for 45 days: a letter under it may wait 14 days at its sender and 30 at the
 * server. Then it is destroyed, so that nobody can open those letters any more.
 */
export const PREKEY_LIFE_MS = 45 * 24 * 3600_000;

/** Keys that are ready to check signatures with: making one ready takes a third of a check. */
export const VERIFYING_KEYS = 1_024;

/**
 * Identities that are pinned. When there is no room the table's word is taken each time, as at a first
 * contact. The same number of people are watched for gaps in their chains of posts.
 */
export const KNOWN_PEERS = 20_000;

/**
 * A post that comes behind later ones is shown as late only when its sender dates it within these 40 days,
 * and at most a day ahead of our clock. Had such a post been shown, its id would still be remembered
 * (`SEEN_LIFE_MS`).
 */
export const LATE_POST_MS = 40 * 24 * 3600_000;
export const CLOCK_SKEW_MS = 24 * 3600_000;

/** State folders of one identity whose chains of posts are remembered: more than anybody has machines. */
export const FOLDERS_PER_SENDER = 16;

/** Letters that did not open, and identities that changed, remembered so that each is reported once. */
export const UNREADABLE_MESSAGES = 1_024;

// ---- the client and its server ---------------------------------------------------------------------------

/**
 * A client gives up a command of its user after five attempts, half a second apart, in which nothing came
 * from the server (`--attempts`).
 */
export const ATTEMPTS = 5;
export const ATTEMPT_MS = 500;

/**
 * Somebody who may be typing is told that the server does not answer so long before the client ends: as long
 * again as the five attempts, enough to press a key.
 */
export const GIVE_UP_GRACE_MS = 2_500;

/** A server of which nothing was heard for three keep-alives counts as silent. */
export const SERVER_SILENCE_MS = 75_000;

/**
 * A registered client says this often that it is there, a fifth sooner or later, so that clients spread. RFC
 * 4787 section 4.3 lets a NAT forget a UDP mapping after two minutes; careless ones forget after 30 s.
 */
export const KEEP_ALIVE_MS = 25_000;
export const KEEP_ALIVE_JITTER = 0.2;

/** A client that has been silent for three keep-alives is OFFLINE. */
export const SILENCE_MS = 75_000;

/** A client that leaves a probe unanswered so long is OFFLINE: with the sender's 500 ms that makes 3 s. */
export const PROBE_MS = 2_500;

/** A client that knows that its table is behind asks for rows again after this. */
export const ROWS_AGAIN_MS = 500;

/** Actions of the user that wait while a registration or deregistration is unanswered; more are refused. */
export const WAITING_ACTIONS = 256;

// ---- the server ------------------------------------------------------------------------------------------

/** Nicks in all (`--max-nicks`), and rows of a client's table: each takes about 1 KiB of memory. */
export const NICKS = 100_000;

/** Nicks that one address may register newly in an hour (`--max-new-nicks`): a household or a class. */
export const NEW_NICKS_PER_HOUR = 20;

/**
 * A nick whose owner has registered it again a day later, or later still, is used and stays for good. One
 * that is not becomes free after these days (`--nick-days`): mail for it has lived 30 by then. So nicks that
 * were registered in passing, or to fill the table, do not take the room of people for ever.
 */
export const NICK_TRIAL_MS = 24 * 3600_000;
export const UNUSED_NICK_DAYS = 90;

/** The last use of a nick is saved again after this: `nicks --expire` counts in days. */
export const SEEN_AGAIN_MS = 3600_000;

/** Seconds of an hour, by which the rate of new nicks is divided. */
export const HOUR_S = 3600;

/**
 * Bundles of one link whose signatures are checked, a second and at once. Anybody can make up bundles, and to
 * check one takes a twentieth of a millisecond. A client needs one at a registration and one a day.
 */
export const BUNDLES_PER_SECOND = 1;
export const BUNDLES_BURST = 5;

/**
 * The same for revocations and successions, which anybody may make up over a fresh link each time: of one
 * address.
 */
export const ENDINGS_PER_SECOND = 1;
export const ENDINGS_BURST = 5;

/**
 * Successors that the identity of a nick has one after the other, for good. A row and a registration carry
 * the signatures of all of them, 160 bytes each, and have to fit into one part. None is ever forgotten:
 * otherwise a thief could name successors until nobody knows the identity whose owner revokes it.
 */
export const SUCCESSIONS = 3;

/** Deposits and posts of one member a second, and at once: a script may be fast, yet not fill the server. */
export const MEMBER_MESSAGES_PER_SECOND = 200;
export const MEMBER_MESSAGES_BURST = 2_000;

/**
 * Questions for rows and registrations of one member a second, and at once: twice as many as a client that is
 * behind asks (`ROWS_AGAIN_MS`).
 */
export const MEMBER_QUESTIONS_PER_SECOND = 4;
export const MEMBER_QUESTIONS_BURST = 20;

/**
 * Introductions that one member may ask for a second, and at once: a script that writes to a class of people
 * gets on, and in the long run one member makes others send less than 1 kB a second.
 */
export const MEMBER_REACHES_PER_SECOND = 1;
export const MEMBER_REACHES_BURST = 50;

/**
 * Introductions of others that one member gets a second, and at once; four members who ask all the time use
 * them up. A client takes no more either, whatever the server says: each makes it send five rounds of
 * initiations at most.
 */
export const INTRODUCTIONS_PER_SECOND = 4;
export const INTRODUCTIONS_BURST = 50;

/** A message that the server refused because its sender was too fast is sent again after this. */
export const BUSY_MS = 1_000;

/** A nick has at most 32 characters, to leave room in a line, and 64 bytes of UTF-8, to do so in a verb. */
export const NICK_CHARACTERS = 32;
export const NICK_BYTES = 64;

/** A nick in NFKC may be longer than the nick. In a text to be signed its length has one byte. */
export const NICK_KEY_BYTES = 255;

/** The skeleton of a nick, by which look-alikes are found. Letters of some scripts have long ones. */
export const SKELETON_BYTES = 128;

/** Changes to the table are gathered for this long and pushed together, for clients that come at a time. */
export const TABLE_GATHER_MS = 50;

/** A mailbox: a month of letters from a busy friend. */
export const MAILBOX_LETTERS = 1_000;
export const MAILBOX_BYTES = 4 * 1024 * 1024;

/**
 * One sender has at most a quarter of a mailbox (of its letters and of its bytes), so that nobody can fill it
 * alone, and at most a 64th of all mail, but as much as a quarter of one mailbox in any case.
 */
export const MAILBOX_SHARE = 1 / 4;
export const MAIL_SHARE = 1 / 64;

/** All mail (`--max-mail`): the server holds it in memory as well as on disk. */
export const MAIL_TOTAL_BYTES = 256 * 1024 * 1024;

/**
 * Receipts kept for one sender who is away, and for all: 100,000 are 32 MB. The oldest are dropped, in all
 * those of the sender who has the most. A sender may never come back.
 */
export const RECEIPTS_PER_SENDER = 10_000;
export const RECEIPTS = 100_000;

/** Receipts in one `collected` verb: as many as go into one part with the longest nick. */
export const COLLECTED_RECEIPTS = 8;

/**
 * A keep-alive brings everything again that its member has not saved, but not more often than this, or a
 * packet full of keep-alives would cost as much as a thousand letters. Honest ones come every 25 s.
 */
export const HAND_OVER_AGAIN_MS = 5_000;

/**
 * Receipts that a sender has not acknowledged are told again with its keep-alives, but not more often than
 * this and in at most so many verbs, and at a registration all of them, but not more often than this either:
 * a member that never acknowledges any must not keep the server busy.
 */
export const RECEIPTS_AGAIN_MS = 10_000;
export const RECEIPTS_AGAIN_VERBS = 32;

/** Messages and bytes of the channel; the oldest are dropped. They are in memory as well as on disk. */
export const CHANNEL_ROWS = 10_000;
export const CHANNEL_BYTES = 64 * 1024 * 1024;

/**
 * Rows of a `rows` verb fill one part, less tag 1, version 12, counters 6 and 6, and the number of rows 1.
 */
export const ROWS_BYTES = PART_BYTES - 26;

/**
 * Datagrams of rows in answer to one question; a client that is still behind asks again. With
 * `MEMBER_QUESTIONS_PER_SECOND` one member draws 150 kB a second at most.
 */
export const ROWS_PACKETS = 32;

/** The log says at most this often how many datagrams meant nothing, so that a flood cannot fill it. */
export const DROPPED_REPORT_MS = 60_000;

/**
 * Letters and posts under way to one member, and the bytes of their bodies: eight of the longest. At a round
 * trip of 100 ms that lets 5 MB a second through, and a client holds no more that came before its turn. The
 * rest waits in mailbox and channel.
 */
export const STREAM_WINDOW = 32;
export const STREAM_WINDOW_BYTES = 8 * BODY_BYTES;

/**
 * The bytes of all that is under way to members: full windows of letters for 125 of them, or of short posts
 * for 2,000. A body counts once for all, and each entry of a member as some bytes more, which its place in
 * the link takes. A member that has nothing under way gets one entry in any case.
 */
export const STREAMS_BYTES = 64 * 1024 * 1024;
export const STREAM_ENTRY_BYTES = 1_024;

/**
 * When there is no room left, a member that has acknowledged nothing for so long gives way. In this time the
 * longest letter arrives at 7 kB a second, and the latest acknowledgement of a post among `LINKS` members
 * takes 4 s (`CHANNEL_ACK_PER_MEMBER_MS`).
 */
export const STREAM_PATIENCE_MS = 10_000;

/**
 * A member acknowledges posts after a random delay of up to max(25 ms, members x 0.2 ms), so that the server
 * gets at most 5,000 acknowledgements a second however many members there are.
 */
export const CHANNEL_ACK_PER_MEMBER_MS = 0.2;

/** Messages of a script under way at a time: enough to fill a link, and a long script takes no memory. */
export const SCRIPT_COMMANDS = 64;

/**
 * An input that ends within this time, and is no longer than this, is read before the client registers: it
 * may do nothing but send. The pipe of a shell is there at once; a person does not notice the wait.
 */
export const READ_AHEAD_MS = 200;
export const READ_AHEAD_BYTES = 1024 * 1024;

// ---- the socket of a running program (transport/rpc.ts) ---------------------------------------------------

/** A line of JSON: a message of `TEXT_BYTES` takes six times as much where each character is escaped. */
export const RPC_LINE_BYTES = 1024 * 1024;

/** Programs that are connected at a time; one more is told so and let go. */
export const RPC_CONNECTIONS = 64;

/** Requests of one connection that are unanswered; one more is refused at once. */
export const RPC_OPEN_REQUESTS = 64;

/**
 * Notifications that wait for one reader: a screen that stands still for minutes misses nothing. Answers have
 * as much room of their own; beyond it no more requests are read until the asker has read what it asked for.
 */
export const RPC_QUEUE_BYTES = 4 * 1024 * 1024;

/**
 * The serving end gives a sign of life this often, and the other end takes it for dead after so many of these
 * spans without a line. Spans are counted, not time, so that a computer that has slept is no dead end.
 */
export const RPC_HEARTBEAT_MS = 30_000;

/** The longest interval that a timer takes: where other protocols know no heartbeat. */
export const NEVER_MS = 2 ** 31 - 1;
export const RPC_SILENT_BEATS = 3;

/** A connection that is being closed has this long to take its last lines. */
export const RPC_CLOSE_MS = 1_000;

/** A connection that could not be accepted, as when too many files are open, is accepted after this. */
export const RPC_ACCEPT_AGAIN_MS = 100;

/** Nicks in one answer of a server's socket: each takes some 300 bytes of a line. */
export const NICKS_PER_ANSWER = 1_000;

/** A server that runs answers its own user's programs within this, unless it is stopped. */
export const SERVER_ANSWERS_MS = 5_000;

/** `status` counts for this long what happens in a second. */
export const STATUS_SPAN_MS = 1_000;

/** The longest path of a Unix socket (unix(7): 108 bytes, the last of them zero). */
export const SOCKET_PATH_BYTES = 107;

// ---- the screen ------------------------------------------------------------------------------------------

/** A receipt names its message by so much of the text: enough to know it again, and the line is short. */
export const FIRST_WORDS_COLUMNS = 30;

/**
 * A table with more rows would push the conversation off the screen: an update shows only what has changed.
 */
export const TABLE_LINES = 12;

/**
 * Lines of one sender that a person is shown a second, and at once; the rest is folded. Nobody types or reads
 * faster, and at once comes what has waited: no more of one sender than its share of a mailbox. A message
 * of several lines counts as so many, but as ten at most, so that what is said behind a long one is shown; of
 * a line without an end every 80 characters count.
 */
export const FLOOD_LINES_PER_SECOND = 30;
export const FLOOD_LINES_BURST = 250;
export const FLOOD_MESSAGE_LINES = 10;
export const FLOOD_LINE_CHARACTERS = 80;

/**
 * The user is told of folded messages when nothing has come for so long, and meanwhile every five seconds.
 */
export const FLOOD_PAUSE_MS = 1_000;
export const FLOOD_TOLD_MS = 5_000;

/** Senders whose lines are folded at a time; the first is told of when there are more. */
export const FLOOD_SENDERS = 1_024;

/** Combining marks on one letter. Written languages use a few; a stack of them covers the lines above. */
export const COMBINING_MARKS = 8;
