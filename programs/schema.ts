/**
 * The JSON Schema (2020-12) of every line that commands print with `--json`. It only ever gets more fields
 * and types: `v` in `hello` says which of them a reader knows.
 */
import { MESSAGE_STATES } from "../core/notice.ts";
import { SCHEMA_VERSION } from "./events.ts";

/** A part of a schema. */
export type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: "string" };
const FLAG: Schema = { type: "boolean" };
const TIME: Schema = { type: "string", format: "date-time", description: "ISO 8601, in UTC" };
const ID: Schema = { type: "string", pattern: "^[0-9a-f]{32}$" };
const COUNT: Schema = { type: "integer", minimum: 0 };
const NICK: Schema = { type: "string", description: "a nick" };
const NICK_OR_CHANNEL: Schema = { type: ["string", "null"], description: "a nick; null is the channel" };

/** An object with this `type`. The fields in `more` may be absent. */
function shape(type: string, description: string, fields: Schema, more: Schema = {}): Schema {
  return {
    description,
    type: "object",
    properties: { type: { const: type }, ...fields, ...more },
    required: ["type", ...Object.keys(fields)],
  };
}

const SHAPES: Readonly<Record<string, Schema>> = {
  hello: shape("hello", "the first line", {
    v: { const: SCHEMA_VERSION },
    nick: NICK,
    server: { type: "string", description: "HOST:PORT" },
    cursor: { ...COUNT, description: "the newest event, for '--since'" },
  }),
  message: shape(
    "message",
    "a message has come",
    { seq: COUNT, id: ID, at: TIME, from: NICK, to: NICK_OR_CHANNEL, text: TEXT },
    {
      late: { const: true, description: "it waited at the server, or does not stand in its place" },
      gap: { const: true, description: "the sender's message before it has not come" },
      exchanged: { const: true, description: "the message before it had another text than its sender's" },
      open: { const: true, description: "there is a channel key, and this message is not sealed" },
      looksLike: { ...NICK, description: "the older nick that the sender's looks like" },
    },
  ),
  state: shape(
    "state",
    "how far a message of ours has come",
    {
      id: { ...ID, type: ["string", "null"] },
      at: TIME,
      to: NICK_OR_CHANNEL,
      state: { enum: MESSAGE_STATES },
    },
    {
      why: { type: "string", description: "why it has failed" },
      retryable: { type: "boolean", description: "it did not come so far, and later it may" },
      ref: { type: "string", description: "the KEY of '--once'" },
    },
  ),
  written: shape(
    "written",
    "a message of ours, in the history",
    { id: ID, at: TIME, from: NICK, to: NICK_OR_CHANNEL, text: TEXT, state: { enum: MESSAGE_STATES } },
    { why: { type: "string", description: "why it has failed" } },
  ),
  gap: shape("gap", "so many channel messages are missing here", {
    at: TIME,
    from: { type: ["string", "null"], description: "whose; null: of anybody" },
    count: COUNT,
  }),
  cut: shape("cut", "what is older is not in the history any more", {}),
  damaged: shape("damaged", "an entry of the history does not open: somebody has changed the file", {}),
  news: shape("news", "what a screen would say", { at: TIME, name: TEXT, text: TEXT }),
  missed: shape("missed", "so many events are gone, or the reader was too slow for them", { count: COUNT }),
  blocked: shape("blocked", "the command of '--exec' has failed for a message", {
    id: ID,
    status: { type: "integer" },
    failures: COUNT,
    givenUp: FLAG,
  }),
  peers: shape(
    "peers",
    "who is in the table",
    {
      server: TEXT,
      peers: {
        type: "array",
        items: {
          type: "object",
          properties: {
            nick: NICK,
            online: FLAG,
            address: { type: ["string", "null"], description: "HOST:PORT" },
            identity: { type: "string", pattern: "^[0-9a-f]{64}$" },
            verified: FLAG,
            changed: { type: "boolean", description: "it is another identity than the pinned one" },
            revoked: FLAG,
            looksLike: NICK,
          },
          required: ["nick", "online", "address", "identity", "verified", "changed", "revoked"],
        },
      },
    },
    {
      serverAwaySince: { type: ["string", "null"], description: "the server is silent; null: it always was" },
    },
  ),
  safetyNumber: shape("safetyNumber", "to be compared with a peer", {
    nick: NICK,
    number: TEXT,
    trusted: { type: "boolean", description: "it is about the pinned identity" },
  }),
  invitation: shape("invitation", "what somebody else can start from", { text: TEXT }),
};

export const SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: `Parley, what commands print with '--json', version ${SCHEMA_VERSION}`,
  oneOf: Object.keys(SHAPES).map((type) => ({ $ref: `#/$defs/${type}` })),
  $defs: SHAPES,
};
