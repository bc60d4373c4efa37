/** How `parley status` counts and words what a server says of itself. */
import { assertEquals } from "@std/assert";
import { linesOf, ratesBetween, spanOf, type StatusAnswer } from "../../programs/status.ts";

const DROPPED = { malformed: 0, rate: 0, handshake: 0, packet: 0, unasked: 0, full: 0 };
const STATUS: StatusAnswer = {
  v: 1,
  versions: { parley: "1.2.3", protocol: 4, deno: "2.0.0" },
  pid: 7,
  address: "0.0.0.0:9999",
  data: "x.db",
  at: "2026-01-01T00:00:00.000Z",
  uptimeMs: 90_000,
  members: { online: 2, known: 3 },
  links: 4,
  mail: { letters: 5, bytes: 600, receipts: 7, oldestMs: 3 * 3_600_000 },
  channel: { messages: 8, bytes: 900 },
  counts: { messages: 10, rejected: { quota: 2 }, handshakes: 20, dropped: DROPPED },
  limits: [{ name: "nicks", used: 199, most: 200 }, { name: "links", used: 10, most: 10 }],
  commits: { count: 4, totalMs: 10, lastMs: 1, longestMs: 6 },
  socketDropped: { OVERSIZE: 1 },
};

Deno.test("what happens in a second follows from two readings, whatever time lies between them", () => {
  const later: StatusAnswer = {
    ...STATUS,
    uptimeMs: STATUS.uptimeMs + 2000,
    counts: {
      messages: 15,
      rejected: { quota: 2, rate: 3 },
      handshakes: 21,
      dropped: { ...DROPPED, malformed: 4 },
    },
    socketDropped: { OVERSIZE: 3, EMSGSIZE: 1 },
  };
  assertEquals(ratesBetween(STATUS, later), {
    messages: 2.5,
    rejected: { quota: 0, rate: 1.5 },
    handshakes: 0.5,
    dropped: { ...DROPPED, malformed: 2, OVERSIZE: 1, EMSGSIZE: 0.5 },
  });
});

Deno.test("the lines name everything, and a limit is full only when it is", () => {
  const rates = {
    messages: 2.5,
    rejected: { rate: 1 },
    handshakes: 0.5,
    dropped: { ...DROPPED, malformed: 2, OVERSIZE: 1 },
  };
  assertEquals(linesOf(STATUS, rates), [
    "parley 1.2.3, protocol version 4, Deno 2.0.0, process 7",
    "listening on 0.0.0.0:9999, data in 'x.db', up for 1 min",
    "members: 2 online, 3 known; links: 4",
    "letters that wait: 5 (600 bytes), the oldest for 3 h; receipts: 7",
    "messages of the channel: 8 (900 bytes)",
    "a second: 2.5 messages stored, 1 rejected (rate 1), 0.5 handshakes, 3 datagrams dropped (malformed 2, OVERSIZE 1)",
    "commits: 4, 2.5 ms on average, 1.0 ms the last, 6.0 ms the longest",
    " 99 % nicks: 199 of 200",
    "100 % links: 10 of 10",
  ]);
});

Deno.test("a span is said in its two largest units", () => {
  const spans = [0, 59_999, 60_000, 3_599_000, 3_660_000, 86_400_000, 90_000_000, 900 * 86_400_000 + 60_000];
  assertEquals(spans.map(spanOf), ["0 s", "59 s", "1 min", "59 min", "1 h 1 min", "1 d", "1 d 1 h", "900 d"]);
});
